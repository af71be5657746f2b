package openapi

import (
	"crypto/subtle"
	"net/http"
	"strings"
	"time"
)

// skew is how far a request's time may be from ours.
const skew = 15 * time.Minute

// timestampLayout is UTC in whole seconds.
const timestampLayout = "2006-01-02T15:04:05Z"

// claim is what a request says of itself, in either style. Nothing of it is to be
// believed before its signature was checked.
type claim struct {
	accessKeyID, signature string
	nonce, timestamp       string
	action, version        string
	// sign is the signature that the request has with the right secret.
	sign func(secret string) string
}

// claimOf tells the two styles apart by the Authorization header: clients send x-acs-…
// headers in both.
func claimOf(r request) (claim, error) {
	if strings.HasPrefix(r.header.Get("Authorization"), acs3) {
		return acs3Claim(r)
	}
	return v1Claim(r)
}

// authenticate finds out whose request it is.
func (h *handler) authenticate(r request, c claim) (Key, error) {
	now := h.now()
	if err := checkTime(c.timestamp, now); err != nil {
		return Key{}, err
	}
	key, known := h.keys[c.accessKeyID]
	if !known {
		return Key{}, fault{http.StatusNotFound, "InvalidAccessKeyId.NotFound", "there is no such AccessKey id here"}
	}
	if subtle.ConstantTimeCompare([]byte(c.sign(key.Secret)), []byte(c.signature)) != 1 {
		return Key{}, badRequest("SignatureDoesNotMatch", "the signature is not that of this request: check the secret, and that "+
			"nothing on the way changes the request; it arrived for the host %.256q", r.host)
	}
	// Only now: who cannot sign must not be able to use up the nonces of others.
	if !h.nonces.add(c.accessKeyID, c.nonce, now) {
		return Key{}, badRequest("SignatureNonceUsed", "a request with this nonce was answered before: draw a new one for each request")
	}
	return key, nil
}

func checkTime(timestamp string, now time.Time) error {
	t, err := time.Parse(timestampLayout, timestamp)
	if err != nil {
		return badRequest("InvalidTimeStamp.Format", "the request's time must be in UTC and of the form %s", timestampLayout)
	}
	if t.Sub(now).Abs() > skew {
		return badRequest("InvalidTimeStamp.Expired", "the request's time is more than 15 minutes off: it is %s here, set your clock",
			now.UTC().Format(timestampLayout))
	}
	return nil
}
