package webhook

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strings"

	"devicetrace/pkg/serve"
)

// A sender shows its token in the header Authorization, as a bearer token or as the
// password of basic authentication with any user. What else a route takes:
var (
	// A URL stands in the logs of whatever is on its way. So the routes of these
	// brokers alone take a token there: they can be told a URL and nothing else.
	tokenInPath  = map[string]bool{"vernemq": true}
	tokenInQuery = map[string]bool{"vernemq": true, "azure-eventgrid": true}
	// signedBody: the token may stay with the sender, who signs the body with it.
	signedBody = map[string]bool{"events": true}
)

// signatureHeader holds "sha256=" and the HMAC-SHA256 of the body as sent, in hex.
const signatureHeader = "X-Signature-256"

var (
	errUnauthorised = errors.New("no right token was shown")
	errForbidden    = errors.New("the token is for other instances")
)

// authorise finds out whether the sender may act for the instance. Any one of what
// it shows is enough. It may read the body, and puts it back. Errors:
// errUnauthorised, errForbidden, those of proven.
func (h *Handler) authorise(r *http.Request, to address) error {
	isKnown := false
	for _, token := range shownTokens(r, to) {
		grant, found := h.config.Tokens.Find(token)
		if grant.Allows(to.instance) {
			return nil
		}
		isKnown = isKnown || found
	}
	if mac, signed := signatureOf(r, to); signed {
		isProven, err := h.proven(r, func(body []byte) bool { return h.config.Tokens.Signed(body, mac, to.instance) })
		if isProven || err != nil {
			return err
		}
	}
	if isKnown {
		return errForbidden
	}
	return errUnauthorised
}

// proven asks whether the body proves who sent it, and puts the body back. Senders that
// have yet to prove it have room of their own, so that they cannot take that of others,
// and keep it until the answer: with many tokens a long body takes longer to check than
// to read. Errors: record.ErrBusy, those of readBody.
func (h *Handler) proven(r *http.Request, proves func(body []byte) bool) (bool, error) {
	weight := weightOf(r)
	if err := h.unproven.enter(weight); err != nil {
		return false, err
	}
	defer h.unproven.leave(weight)
	body, err := readBody(r.Body)
	if err != nil {
		return false, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return proves(body), nil
}

// shownTokens are all that the request shows, right or wrong.
func shownTokens(r *http.Request, to address) []string {
	shown := []string{serve.BearerToken(r), to.token}
	if _, password, ok := r.BasicAuth(); ok {
		shown = append(shown, password)
	}
	if tokenInQuery[to.route] {
		shown = append(shown, r.URL.Query().Get("token"))
	}
	return shown
}

// signatureOf is the signature of the body, where there is one that can be read.
func signatureOf(r *http.Request, to address) (mac []byte, signed bool) {
	digits, found := strings.CutPrefix(r.Header.Get(signatureHeader), "sha256=")
	mac, err := hex.DecodeString(digits)
	return mac, found && err == nil && signedBody[to.route]
}

// named is the address as a log line may have it: who leaves the instance out of a URL
// that ends with the token has the token in its place.
func (h *Handler) named(to address) address {
	if _, isToken := h.config.Tokens.Find(string(to.instance)); isToken {
		to.instance = "(a token)"
	}
	return to
}

// unauthorised answers who showed no right token.
func unauthorised(w http.ResponseWriter, to address) {
	w.Header().Set("WWW-Authenticate", `Bearer realm="device trace", Basic realm="device trace"`)
	serve.Fail(w, http.StatusUnauthorized, "Unauthorized", "send the right token "+strings.Join(waysOf(to.route), ", or "))
}

// waysOf are the ways to show a token that a route takes, in words.
func waysOf(route string) []string {
	ways := []string{"as Authorization: Bearer <token>", "as the password of basic authentication"}
	if tokenInPath[route] {
		ways = append(ways, "behind the instance in the path")
	}
	if tokenInQuery[route] {
		ways = append(ways, "as ?token=<token>")
	}
	if signedBody[route] {
		ways = append(ways, "as the key of "+signatureHeader+": sha256=<HMAC-SHA256 of the body in hex>")
	}
	return ways
}
