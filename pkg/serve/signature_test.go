package serve

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

// signatureOf signs a body with each of the keys, using the Standard Webhooks library, and returns
// the headers.
func signatureOf(t *testing.T, body string, keys ...string) http.Header {
	t.Helper()
	at := time.Unix(1_795_334_400, 0)
	var signatures []string
	for _, key := range keys {
		signer, err := standardwebhooks.NewWebhookRaw([]byte(key))
		require.NoError(t, err)
		signature, err := signer.Sign("msg_1", at, []byte(body))
		require.NoError(t, err)
		signatures = append(signatures, signature)
	}
	header := http.Header{}
	header.Set(standardwebhooks.HeaderWebhookID, "msg_1")
	header.Set(standardwebhooks.HeaderWebhookTimestamp, fmt.Sprint(at.Unix()))
	header.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	return header
}

func parsed(t *testing.T, text string) Tokens {
	t.Helper()
	tokens, err := ParseTokens(text)
	require.NoError(t, err)
	return tokens
}

func TestSigned(t *testing.T) {
	tokens := parsed(t, "one=prod;two=prod,test;three=prod;other=test;all=*")
	for _, c := range []struct {
		instance string
		keys     []string
		want     bool
	}{
		{"prod", []string{"one"}, true},
		{"prod", []string{"two"}, true},
		{"prod", []string{"three"}, true},
		{"prod", []string{"all"}, true},
		{"test", []string{"all"}, true},
		{"unknown", []string{"all"}, true},
		{"prod", []string{"wrong", "one"}, true},
		{"prod", []string{"one", "wrong"}, true},
		{"prod", []string{"other"}, false},
		{"unknown", []string{"one"}, false},
		{"prod", []string{"wrong"}, false},
		{"prod", []string{"wrong", "other"}, false},
		{"unknown", []string{""}, false},
		{"prod", nil, false},
	} {
		t.Run(fmt.Sprint(c.instance, c.keys), func(t *testing.T) {
			require.Equal(t, c.want, tokens.Signed([]byte("body"), signatureOf(t, "body", c.keys...), event.InstanceID(c.instance)))
			require.False(t, tokens.Signed([]byte("Body"), signatureOf(t, "body", c.keys...), event.InstanceID(c.instance)))
		})
	}
	require.False(t, Tokens{}.Signed(nil, signatureOf(t, "", ""), "prod"))
}

// TestWrongSignatureCostsTheSame checks that a wrong signature costs four HMACs, no matter how many
// tokens may act for the instance. The library copies the body for each HMAC, so the allocated
// memory shows the number of HMACs.
func TestWrongSignatureCostsTheSame(t *testing.T) {
	tokens := parsed(t, "one=full,some;two=full,some;three=full;four=full")
	body := make([]byte, 1<<20)
	header := signatureOf(t, "another body", "one")
	allocated := func(do func()) float64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		do()
		runtime.ReadMemStats(&after)
		return float64(after.TotalAlloc - before.TotalAlloc)
	}
	single, err := standardwebhooks.NewWebhookRaw([]byte("one"))
	require.NoError(t, err)
	want := 4 * allocated(func() { require.Error(t, single.VerifyIgnoringTimestamp(body, header)) })
	for _, instance := range []event.InstanceID{"full", "some", "unknown"} {
		got := allocated(func() { require.False(t, tokens.Signed(body, header, instance)) })
		require.InEpsilon(t, want, got, 0.02, instance)
	}
}

func TestDecoysAreSecret(t *testing.T) {
	require.Len(t, decoy, 26, "at least 128 random bits")
	for _, key := range (Tokens{}).signingKeys("prod") {
		require.Equal(t, decoy, key)
	}
}

// TestSignedIgnoresAFifthToken checks that Signed ignores the tokens beyond maxSigningTokens.
func TestSignedIgnoresAFifthToken(t *testing.T) {
	tokens := parsed(t, "a=x;b=x;c=x;d=x;e=x")
	for key, want := range map[string]bool{"d": true, "e": false} {
		require.Equal(t, want, tokens.Signed(nil, signatureOf(t, "", key), "x"))
	}
}

func TestCheckSigning(t *testing.T) {
	const rule = "want at most 4 (a token for all instances counts for each instance)"
	for text, want := range map[string]string{
		"":                            "",
		"a=x;b=x;c=x;d=x;e=y;f=y":     "",
		"a=x,y;b=x,y;c=*;d=*":         "",
		"a=x,x,x,x,x":                 "",
		"a=x;b=x;c=x;d=x;e=x":         `instance "x" has 5 tokens, ` + rule,
		"a=x;b=y;c=*;d=*;e=y,x;f=z":   "",
		"a=x;b=y;c=*;d=*;e=y,x;f=z,y": `instance "y" has 5 tokens, ` + rule,
		"a=*;b=*;c=*;d=*;e=*;f=*":     `instance "*" has 6 tokens, ` + rule,
	} {
		err := parsed(t, text).CheckSigning()
		if want == "" {
			require.NoError(t, err, text)
		} else {
			require.EqualError(t, err, want, text)
		}
	}
}
