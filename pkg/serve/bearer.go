package serve

import (
	"net/http"
	"strings"
)

// Bearer lets through the requests that carry token as a bearer token (RFC 6750)
// and answers the others with 401. The time it takes tells nothing about the token.
// An empty token lets nothing through.
func Bearer(token string, next http.Handler) http.Handler {
	var tokens Tokens
	if token != "" {
		tokens.known = append(tokens.known, newToken(token, fullGrant))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, found := tokens.Find(BearerToken(r)); !found {
			Unauthorized(w)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// BearerToken is the bearer token of a request, empty where there is none.
func BearerToken(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// Unauthorized answers who showed no right token.
func Unauthorized(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", `Bearer realm="device trace"`)
	Fail(w, http.StatusUnauthorized, "Unauthorized", "send the right token as Authorization: Bearer <token>")
}

// Forbidden answers who showed a right token, but not for what was asked.
func Forbidden(w http.ResponseWriter) {
	Fail(w, http.StatusForbidden, "Forbidden", "the token is a right one, but it may not act for this instance")
}
