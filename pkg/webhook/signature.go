package webhook

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"devicetrace/pkg/broker"
)

// The headers of a signed request are defined by Standard Webhooks
// (https://www.standardwebhooks.com). The header webhook-signature holds one or more signatures,
// separated by spaces. The signed text consists of the id, the timestamp and the body as sent,
// separated by full stops.
const (
	idHeader        = "webhook-id"
	timestampHeader = "webhook-timestamp"
	signatureHeader = "webhook-signature"
)

var signatureHeaders = []string{idHeader, timestampHeader, signatureHeader}

const (
	// maxSignatureHeader is the maximum length of each signature header in bytes.
	maxSignatureHeader = 1024
	// maxTimestampBits excludes timestamps in milliseconds.
	maxTimestampBits = 40
	// maxSkew is the maximum difference between a timestamp and the recorder's clock.
	maxSkew = 5 * time.Minute
	// signatureCopies is the number of copies of a body that serve.Tokens.Signed makes.
	signatureCopies = 3
)

// errBadSignature reports that a signature is not valid. Errors that wrap errBadSignature say why.
// Their messages may be shown to the sender.
var errBadSignature = errors.New("the signature is not valid")

func badSignature(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errBadSignature}, args...)...)
}

// parseSignature returns the signature headers of a request. It returns nil if the request has none
// of them, or if the source does not sign bodies.
func parseSignature(r *http.Request, source broker.Source) http.Header {
	present := http.Header{}
	for _, name := range signatureHeaders {
		if value := r.Header.Get(name); value != "" {
			present.Set(name, value)
		}
	}
	if !source.SignedBody || len(present) == 0 {
		return nil
	}
	return present
}

// verify returns nil if a token that may act for the instance has signed the body. It reads the
// body only if the signature headers are valid. Errors: errUnauthorized if the request is not
// signed, an error that wraps errBadSignature, or an error from checkBody.
func (h *Handler) verify(d *delivery) error {
	if d.signature == nil {
		return errUnauthorized
	}
	if err := checkSignatureHeaders(d.signature, d.receivedAt); err != nil {
		return err
	}
	isSigned, err := h.checkBody(d, func(body []byte) bool { return h.config.Tokens.Signed(body, d.signature, d.instance) })
	if err == nil && !isSigned {
		return badSignature("%s must contain v1,<signature>, where <signature> is the HMAC-SHA256 of <%s>.<%s>.<body as sent> in base64, "+
			"keyed with a token for this instance", signatureHeader, idHeader, timestampHeader)
	}
	return err
}

// checkSignatureHeaders checks the headers of a signature, but not the signature itself. An id with
// a full stop is refused. Otherwise an attacker could move the boundaries between id, timestamp and
// body without changing the signed text.
func checkSignatureHeaders(signature http.Header, now time.Time) error {
	for _, name := range signatureHeaders {
		switch value := signature.Get(name); {
		case value == "":
			return badSignature("the header %s is missing", name)
		case len(value) > maxSignatureHeader:
			return badSignature("the header %s is longer than %d bytes", name, maxSignatureHeader)
		}
	}
	if strings.Contains(signature.Get(idHeader), ".") {
		return badSignature("%s must not contain a full stop", idHeader)
	}
	return checkTimestamp(signature.Get(timestampHeader), now)
}

func checkTimestamp(value string, now time.Time) error {
	seconds, err := strconv.ParseUint(value, 10, maxTimestampBits)
	if err != nil {
		return badSignature("%s must be Unix time in whole seconds, such as %d", timestampHeader, now.Unix())
	}
	switch age := now.Sub(time.Unix(int64(seconds), 0)); {
	case age > maxSkew:
		return skewed("too old", now)
	case age < -maxSkew:
		return skewed("too far in the future", now)
	default:
		return nil
	}
}

func skewed(how string, now time.Time) error {
	return badSignature("%s is %s; it may differ by at most %d minutes from the recorder's clock, which shows %d (%s)",
		timestampHeader, how, int(maxSkew.Minutes()), now.Unix(), now.Format(time.RFC3339))
}
