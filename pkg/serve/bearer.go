package serve

import (
	"net/http"
	"strings"
)

// Bearer returns a handler that admits only requests with the given bearer token (RFC 6750). It
// passes an admitted request to next and refuses every other request with 401. The timing of a
// refusal reveals nothing about the token. If the token is empty, every request is refused.
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

// BearerToken returns the bearer token of a request, or "" if there is none.
func BearerToken(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// Unauthorized responds with 401 to a request without a valid token.
func Unauthorized(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", `Bearer realm="device trace"`)
	Fail(w, http.StatusUnauthorized, "Unauthorized", "send a valid token as Authorization: Bearer <token>")
}

// Forbidden responds with 403 to a request whose token is valid but does not cover the instance.
func Forbidden(w http.ResponseWriter) {
	Fail(w, http.StatusForbidden, "Forbidden", "this token is not authorized for the instance")
}
