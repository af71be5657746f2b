package openapi

import (
	"crypto/subtle"
	"net/http"
	"strings"
	"time"
)

// skew is the maximum difference between the time in a request and our clock.
const skew = 15 * time.Minute

// timestampLayout is the layout of a request's time: UTC, in whole seconds.
const timestampLayout = "2006-01-02T15:04:05Z"

// claim holds the key, the time and the operation that a request claims, in either signature
// style. A claim must not be trusted before its signature is verified.
type claim struct {
	accessKeyID, signature string
	nonce, timestamp       string
	action, version        string
	// sign returns the signature of the request, computed with the given secret.
	sign func(secret string) string
}

// claimOf returns the claim of a request. It detects the signature style from the Authorization
// header, because x-acs-… headers occur in both styles.
func claimOf(r request) (claim, error) {
	if strings.HasPrefix(r.header.Get("Authorization"), acs3) {
		return acs3Claim(r)
	}
	return v1Claim(r)
}

// authenticate verifies a request and returns the key that signed it.
func (h *handler) authenticate(r request, c claim) (Key, error) {
	now := h.now()
	if err := checkTime(c.timestamp, now); err != nil {
		return Key{}, err
	}
	key, known := h.keys[c.accessKeyID]
	if !known {
		return Key{}, apiError{http.StatusNotFound, "InvalidAccessKeyId.NotFound", "this AccessKey id does not exist here"}
	}
	if subtle.ConstantTimeCompare([]byte(c.sign(key.Secret)), []byte(c.signature)) != 1 {
		return Key{}, badRequest("SignatureDoesNotMatch", "the signature does not match the request: check the secret, and that "+
			"no proxy changes the request; it arrived for the host %.256q", r.host)
	}
	// Check the nonce last, so that only holders of the secret can use up nonces.
	if !h.nonces.add(c.accessKeyID, c.nonce, now) {
		return Key{}, badRequest("SignatureNonceUsed", "this nonce was used before: draw a new one for each request")
	}
	return key, nil
}

func checkTime(timestamp string, now time.Time) error {
	t, err := time.Parse(timestampLayout, timestamp)
	if err != nil {
		return badRequest("InvalidTimeStamp.Format", "the request's time must be in UTC, in the form %s", timestampLayout)
	}
	if t.Sub(now).Abs() > skew {
		return badRequest("InvalidTimeStamp.Expired", "the request's time differs by more than 15 minutes from ours, which is %s: set your clock",
			now.UTC().Format(timestampLayout))
	}
	return nil
}
