package serve

import (
	"crypto/rand"
	"fmt"
	"net/http"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"devicetrace/pkg/event"
)

// maxSigningTokens is the maximum number of tokens that may sign for one instance. It limits the
// cost of checking a wrong signature, which anyone can send.
const maxSigningTokens = 4

// decoy is a random key that nobody knows; see signingKeys.
var decoy = rand.Text()

// Signed reports whether a token that may act for the instance has signed the body. The headers
// webhook-id, webhook-timestamp and webhook-signature hold the signature as defined by Standard
// Webhooks (https://www.standardwebhooks.com). The key is the token's bytes. Signed ignores the age
// of the timestamp. It needs memory for three copies of the body.
//
// Checking a wrong signature always takes maxSigningTokens HMACs. The response time therefore does
// not reveal whether an instance exists, or how many tokens it has.
func (t Tokens) Signed(body []byte, header http.Header, instance event.InstanceID) bool {
	for _, key := range t.signingKeys(instance) {
		verifier, err := standardwebhooks.NewWebhookRaw([]byte(key))
		if err == nil && verifier.VerifyIgnoringTimestamp(body, header) == nil {
			return true
		}
	}
	return false
}

// signingKeys returns the tokens that may act for the instance. Decoys fill the rest of the array.
func (t Tokens) signingKeys(instance event.InstanceID) [maxSigningTokens]string {
	keys := [maxSigningTokens]string{decoy, decoy, decoy, decoy}
	n := 0
	for _, known := range t.known {
		if known.grant.Allows(instance) && n < len(keys) {
			keys[n] = known.secret
			n++
		}
	}
	return keys
}

// CheckSigning returns an error if more than maxSigningTokens tokens may act for one instance,
// because Signed would ignore the rest. A token for all instances counts for each instance.
func (t Tokens) CheckSigning() error {
	for _, known := range t.known {
		for _, instance := range known.grant.instances {
			if n := t.count(instance); n > maxSigningTokens {
				return fmt.Errorf("instance %q has %d tokens, want at most %d (a token for all instances counts for each instance)", instance, n, maxSigningTokens)
			}
		}
	}
	return nil
}

// count returns the number of tokens that may act for the instance.
func (t Tokens) count(instance event.InstanceID) (n int) {
	for _, known := range t.known {
		if known.grant.Allows(instance) {
			n++
		}
	}
	return n
}
