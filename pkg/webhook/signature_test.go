package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"devicetrace/pkg/serve"
)

// signedAt signs a body with each of the tokens, using the Standard Webhooks library, and returns
// the headers. The signatures are separated by spaces.
func signedAt(at time.Time, body string, tokens ...string) []string {
	var signatures []string
	for _, token := range tokens {
		signer, err := standardwebhooks.NewWebhook("whsec_" + base64.StdEncoding.EncodeToString([]byte(token)))
		if err != nil {
			panic(err)
		}
		signature, err := signer.Sign("msg_1", at, []byte(body))
		if err != nil {
			panic(err)
		}
		signatures = append(signatures, signature)
	}
	return []string{"webhook-id", "msg_1", "webhook-timestamp", strconv.FormatInt(at.Unix(), 10), "webhook-signature", strings.Join(signatures, " ")}
}

func signed(token, body string) []string { return signedAt(now, body, token) }

// with returns the headers with one value replaced. An empty value removes the header.
func with(header []string, name, value string) (changed []string) {
	for i := 0; i < len(header); i += 2 {
		if header[i] != name {
			changed = append(changed, header[i], header[i+1])
		}
	}
	if value != "" {
		changed = append(changed, name, value)
	}
	return changed
}

func TestSignature(t *testing.T) {
	valid := signed("old-secret", ownEvent)
	signature := valid[5]
	for _, c := range []struct {
		name, path string
		header     []string
		want       int
	}{
		{"valid", "events/prod", valid, 200},
		{"the second of two tokens", "events/prod", signed("new/secret+2=", ownEvent), 200},
		{"token of all instances", "events/prod", signed("all-secret", ownEvent), 200},
		{"token of all instances, another instance", "events/spare", signed("all-secret", ownEvent), 200},
		{"two signatures, the first valid", "events/prod", signedAt(now, ownEvent, "old-secret", "wrong"), 200},
		{"two signatures, the second valid", "events/prod", signedAt(now, ownEvent, "wrong", "old-secret"), 200},
		{"longest header", "events/prod", with(valid, signatureHeader, strings.Repeat("v", 1024-len(signature)-1)+" "+signature), 200},
		{"another version first", "events/prod", with(valid, signatureHeader, "v1a,AAAA "+signature), 200},
		{"with a wrong bearer token", "events/prod", append(valid, bearer("wrong")...), 200},
		{"with another instance's bearer token", "events/prod", append(valid, bearer("test-secret")...), 200},
		{"wrong, with a valid bearer token", "events/prod", append(signed("wrong", ownEvent), bearer("old-secret")...), 200},
		{"too old, with a valid bearer token", "events/prod", append(signedAt(now.Add(-time.Hour), ownEvent, "wrong"), bearer("old-secret")...), 200},
		{"5 minutes old", "events/prod", signedAt(now.Add(-5*time.Minute), ownEvent, "old-secret"), 200},
		{"5 minutes ahead", "events/prod", signedAt(now.Add(5*time.Minute), ownEvent, "old-secret"), 200},
		{"wrong, with another instance's bearer token", "events/prod", append(signed("wrong", ownEvent), bearer("test-secret")...), 403},
		{"too old, with another instance's bearer token", "events/prod", append(signedAt(now.Add(-time.Hour), ownEvent, "wrong"), bearer("test-secret")...), 403},
		{"token of another instance", "events/prod", signed("test-secret", ownEvent), 401},
		{"unknown instance", "events/nowhere", valid, 401},
		{"signature of another body", "events/prod", signed("old-secret", ownEvent+" "), 401},
		{"unknown key", "events/prod", signed("wrong", ownEvent), 401},
		{"another id", "events/prod", with(valid, idHeader, "msg_2"), 401},
		{"another time", "events/prod", with(valid, timestampHeader, strconv.FormatInt(now.Unix()+1, 10)), 401},
		{"another version", "events/prod", with(valid, signatureHeader, "v2"+signature[2:]), 401},
		{"cut", "events/prod", with(valid, signatureHeader, signature[:20]), 401},
		{"no version", "events/prod", with(valid, signatureHeader, signature[3:]), 401},
		{"hex", "events/prod", with(valid, signatureHeader, "v1,"+hex.EncodeToString([]byte(signature))), 401},
		{"another route", "emqx/prod", valid, 401},
		{"the body alone", "events/prod", bodySignature("old-secret", ownEvent), 401},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := &harness{tokens: someTokens}
			w := b.do("POST", "/webhooks/"+c.path, strings.NewReader(ownEvent), c.header...)
			switch c.want {
			case 401:
				b.requireUnauthorized(t, w)
			case 403:
				requireForbidden(t, b, w.Code, w.Body.String())
			default:
				require.Equal(t, c.want, w.Code, w.Body)
				require.Len(t, b.recorded, 1)
			}
		})
	}
}

// bodySignature returns a signature of the body alone, in a header that many webhook senders use.
// Because it covers no timestamp, anyone who captures a request could replay the request forever.
func bodySignature(token, body string) []string {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte(body))
	return []string{"X-Signature-256", "sha256=" + hex.EncodeToString(mac.Sum(nil))}
}

// TestBadSignatureSaysWhatIsWrong checks that a 401 response says what is wrong with a signature.
// If the headers are wrong, the body must not be read.
func TestBadSignatureSaysWhatIsWrong(t *testing.T) {
	valid := signed("secret", ownEvent)
	const (
		clock = "it may differ by at most 5 minutes from the recorder's clock, which shows 1795334400 (2026-11-22T08:00:00Z)"
		unix  = "webhook-timestamp must be Unix time in whole seconds, such as 1795334400"
	)
	for _, c := range []struct{ name, header, value, want string }{
		{"no id", idHeader, "", "the header webhook-id is missing"},
		{"no timestamp", timestampHeader, "", "the header webhook-timestamp is missing"},
		{"no signature", signatureHeader, "", "the header webhook-signature is missing"},
		{"long id", idHeader, strings.Repeat("i", 1025), "the header webhook-id is longer than 1024 bytes"},
		{"long timestamp", timestampHeader, strings.Repeat("1", 1025), "the header webhook-timestamp is longer than 1024 bytes"},
		{"long signature", signatureHeader, strings.Repeat("s", 1025), "the header webhook-signature is longer than 1024 bytes"},
		{"full stop", idHeader, "msg.1", "webhook-id must not contain a full stop"},
		{"just too old", timestampHeader, "1795334099", "webhook-timestamp is too old; " + clock},
		{"1970", timestampHeader, "0", "webhook-timestamp is too old; " + clock},
		{"just ahead", timestampHeader, "1795334701", "webhook-timestamp is too far in the future; " + clock},
		{"year 36812", timestampHeader, "1099511627775", "webhook-timestamp is too far in the future; " + clock},
		{"milliseconds", timestampHeader, "1795334400000", unix},
		{"RFC 3339", timestampHeader, "2026-11-22T08:00:00Z", unix},
		{"a fraction", timestampHeader, "1795334400.5", unix},
		{"negative", timestampHeader, "-1795334400", unix},
		{"a sign", timestampHeader, "+1795334400", unix},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := &harness{}
			w := b.do("POST", "/webhooks/events/prod", unread{t}, with(valid, c.header, c.value)...)
			b.requireUnauthorized(t, w)
			require.Equal(t, "the signature is not valid: "+c.want, problemOf(t, w))
		})
	}
	b := &harness{}
	want := "the signature is not valid: webhook-signature must contain v1,<signature>, where <signature> is the HMAC-SHA256 of " +
		"<webhook-id>.<webhook-timestamp>.<body as sent> in base64, keyed with a token for this instance"
	for _, token := range []string{"wrong", ""} {
		require.Equal(t, want, problemOf(t, b.do("POST", "/webhooks/events/prod", strings.NewReader(ownEvent), signed(token, ownEvent)...)))
	}
}

func problemOf(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var problem serve.Problem
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &problem))
	return problem.Error
}

// TestBadSignatureRevealsNoInstance checks that the responses to a wrong signature are the same for
// instances with and without tokens. Neither the response nor the log may show a header.
func TestBadSignatureRevealsNoInstance(t *testing.T) {
	respond := func(instance string) (response string) {
		b := &harness{tokens: "test-secret=test"}
		logged := captureLog(t, func() {
			header := with(signed("planted", ownEvent), idHeader, "planted-id")
			response = b.do("POST", "/webhooks/events/"+instance, strings.NewReader(ownEvent), header...).Body.String()
		})
		require.Contains(t, logged, "the signature is not valid")
		for _, text := range []string{"planted", "secret", signed("planted", ownEvent)[5]} {
			require.NotContains(t, logged+response, text)
		}
		return response
	}
	require.Equal(t, respond("test"), respond("nowhere"))
}

// TestSignatureIsOfTheBodyAsSent checks that the signature of a compressed body covers the
// compressed bytes, not the decompressed ones.
func TestSignatureIsOfTheBodyAsSent(t *testing.T) {
	body := gzipped(t, ownEvent)
	for signedText, want := range map[string]int{body: 200, ownEvent: 401} {
		b := &harness{tokens: someTokens}
		w := b.do("POST", "/webhooks/events/prod", strings.NewReader(body), append(signed("old-secret", signedText), "Content-Encoding", "gzip")...)
		require.Equal(t, want, w.Code, w.Body)
	}
}

func TestSignedBodyHasTheSameLimits(t *testing.T) {
	b := &harness{}
	w := b.do("POST", "/webhooks/events/prod", strings.NewReader(strings.Repeat(" ", maxBody+1)), signed("secret", "x")...)
	require.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
	w = b.do("POST", "/webhooks/events/prod", cut{strings.NewReader(ownEvent)}, signed("secret", ownEvent)...)
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Empty(t, b.recorded)
}

// TestSignatureCannotBeMoved checks that a captured signature cannot be reused for a shorter body.
// A device can place a timestamp between full stops in the body, for example as part of its user
// name. If ids could contain full stops, an attacker could move everything before that timestamp
// into the id without changing the signed text.
func TestSignatureCannotBeMoved(t *testing.T) {
	moved := "." + strconv.FormatInt(now.Unix(), 10) + "."
	captured := signed("secret", `[{"client_id":"c1`+moved+ownEvent)
	header := with(captured, idHeader, "msg_1."+captured[3]+`.[{"client_id":"c1`)
	b := &harness{}
	b.requireUnauthorized(t, b.do("POST", "/webhooks/events/prod", strings.NewReader(ownEvent), header...))
}

// FuzzSignature checks that a request is accepted only if an independent computation confirms its
// signature. It also checks that every valid signature is accepted.
func FuzzSignature(f *testing.F) {
	valid := signed("secret", ownEvent)
	f.Add(valid[1], valid[3], valid[5], ownEvent)
	f.Add(valid[1], valid[3], "v1a,AAAA v1,AAAA "+valid[5]+" v1,,", ownEvent)
	f.Add(valid[1], "1795334400000", valid[5], ownEvent)
	f.Add("msg_1."+valid[3], valid[3], valid[5], "[]")
	f.Add("", "-0", "v1", "")
	h := (&harness{}).handler()
	f.Fuzz(func(t *testing.T, id, timestamp, signatures, body string) {
		authorized := func(signatures string) bool {
			r := httptest.NewRequest("POST", "/webhooks/events/prod", strings.NewReader(body))
			for name, value := range map[string]string{idHeader: id, timestampHeader: timestamp, signatureHeader: signatures} {
				r.Header.Set(name, value)
			}
			err := h.authorize(parse(r, now))
			if err != nil && !errors.Is(err, errUnauthorized) {
				require.ErrorIs(t, err, errBadSignature)
			}
			return err == nil
		}
		expected := expectedSignature("secret", id+"."+timestamp+"."+body)
		if authorized(signatures) {
			require.Contains(t, strings.Split(signatures, " "), expected)
			seconds, err := strconv.ParseInt(timestamp, 10, 64)
			require.NoError(t, err)
			require.WithinDuration(t, now, time.Unix(seconds, 0), 5*time.Minute)
			require.NotContains(t, id, ".")
		}
		if timestamp == strconv.FormatInt(now.Unix(), 10) && id != "" && len(id) <= 1024 && !strings.Contains(id, ".") {
			require.True(t, authorized(expected))
		}
	})
}

func expectedSignature(token, text string) string {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte(text))
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
