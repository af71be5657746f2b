package webhook

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
	"devicetrace/pkg/serve"
)

var (
	errUnauthorized = errors.New("no valid token was presented")
	errForbidden    = errors.New("the token is valid for other instances only")
)

// authorize returns nil if the sender may act for the instance. A single token that covers the
// instance is enough, as is a signature made with such a token. authorize reads the body only if it
// has to check a signature. Errors: errUnauthorized, errForbidden, an error that wraps
// errBadSignature, or an error from checkBody.
func (h *Handler) authorize(d *delivery) error {
	isKnown := false
	for _, token := range d.tokens {
		grant, found := h.config.Tokens.Find(token)
		if grant.Allows(d.instance) {
			return nil
		}
		isKnown = isKnown || found
	}
	err := h.verify(d)
	if isKnown && (errors.Is(err, errUnauthorized) || errors.Is(err, errBadSignature)) {
		return errForbidden
	}
	return err
}

// checkBody reads the body and returns check(body). Until check returns, the sender is unknown, so
// the body and its copies count against the unproven budget. Unknown senders can therefore exhaust
// only that budget, not the one for authorized requests. Errors: errBusy if the unproven budget is
// exhausted; errTooLarge or errUnreadable if the body cannot be read.
func (h *Handler) checkBody(d *delivery, check func(body []byte) bool) (bool, error) {
	memory := h.unproven.part()
	defer memory.release()
	if err := memory.resize(idleWeight); err != nil {
		return false, err
	}
	d.unread = chargedReader{d.unread, memory}
	if err := d.readBody(0); err != nil {
		return false, err
	}
	return check(d.body), nil
}

// chargedReader acquires memory for each byte that it reads: for the byte itself and the copies
// that checking a signature makes. It returns errBusy if the budget is exhausted. It acquires
// nothing for bytes that the sender has only announced. Otherwise, a sender without a token could
// announce a long body and keep out everyone who signs.
type chargedReader struct {
	io.Reader
	memory *part
}

func (c chargedReader) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if busy := c.memory.resize(c.memory.bytes + signedByteWeight*int64(n)); busy != nil {
		return n, busy
	}
	return n, err
}

// maskedToken replaces a token in the log.
const maskedToken = "(a token)"

// loggedInstance returns the instance for the log, or maskedToken if the instance is a token. Some
// brokers send the token in the URL, after the instance. If the URL lacks the instance, the token
// takes its place.
func (h *Handler) loggedInstance(d *delivery) event.InstanceID {
	if _, isToken := h.config.Tokens.Find(string(d.instance)); isToken {
		return maskedToken
	}
	return d.instance
}

// loggedError returns the text of a delivery's error for the log. Errors of the store contain keys,
// and the instance is part of a key, so loggedError also masks an instance that is a token.
func (h *Handler) loggedError(d *delivery, err error) string {
	return strings.ReplaceAll(err.Error(), string(d.instance), string(h.loggedInstance(d)))
}

// unauthorized responds to a sender without a valid token or signature. problem says what to
// correct.
func unauthorized(w http.ResponseWriter, problem string) {
	w.Header().Set("WWW-Authenticate", `Bearer realm="device trace", Basic realm="device trace"`)
	serve.Fail(w, http.StatusUnauthorized, "Unauthorized", problem)
}

// tokenWanted says how the source may present a token.
func tokenWanted(source broker.Source) string {
	return "send a valid token " + strings.Join(tokenPlaces(source), ", or ")
}

// tokenPlaces describes the places where the source may present a token.
func tokenPlaces(source broker.Source) []string {
	places := []string{"as Authorization: Bearer <token>", "as the password of basic authentication"}
	if source.TokenInPath {
		places = append(places, "after the instance in the path")
	}
	if source.TokenInQuery {
		places = append(places, "as ?token=<token>")
	}
	if source.SignedBody {
		places = append(places, "as the key of a Standard Webhooks signature in the headers "+idHeader+", "+timestampHeader+" and "+signatureHeader)
	}
	return places
}
