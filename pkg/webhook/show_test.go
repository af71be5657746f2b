package webhook

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/quarantine"
	"devicetrace/pkg/serve"
)

func TestShow(t *testing.T) {
	errs := []quarantine.Error{{Item: 1, Field: "action", Error: "must be a word"}, {Item: 2, Error: "is bad too"}}
	for name, c := range map[string]struct{ body, text, base64 string }{
		"text":      {"<é>\n", "<é>\n", ""},
		"not UTF-8": {"\xff\x00", "", "\xff\x00"},
		"empty":     {"", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := &harness{}
			id := b.keep(t, 0, c.body).String()
			got := decoded[itemResponse](t, b.admin("GET", "/"+id), 200)
			require.Equal(t, c.base64, string(got.BodyBase64))
			got.BodyBase64 = nil
			require.Equal(t, itemResponse{
				ID: id, ReceivedAt: now, Route: "events", InstanceID: "prod", Errors: errs, BodyBytes: len(c.body), Body: c.text,
			}, got)
		})
	}
	b := &harness{}
	id, err := quarantine.Keep(t.Context(), b, quarantine.Item{
		ReceivedAt: now, Route: "r", InstanceID: "i", Hook: "h", Position: "log:1", Encoding: "br", Body: []byte("x"),
	})
	require.NoError(t, err)
	require.Equal(t, itemResponse{
		ID: id.String(), ReceivedAt: now, Route: "r", InstanceID: "i", Hook: "h", Position: "log:1", Encoding: "br", BodyBytes: 1, Body: "x",
	}, decoded[itemResponse](t, b.admin("GET", "/"+id.String()), 200))
}

// TestShowLongBody checks that a long body is returned in parts. Each part must be short enough
// for the platform, and the joined parts must equal the body.
func TestShowLongBody(t *testing.T) {
	for name, body := range map[string]string{
		"text":               strings.Repeat("x", 2*maxPart+5),
		"characters":         strings.Repeat("é世😀", maxPart/7),
		"control characters": strings.Repeat("\x01", maxPart+1),
		"not UTF-8":          strings.Repeat("\x80", 2*maxPart),
		"exactly one part":   strings.Repeat("x", maxPart),
	} {
		t.Run(name, func(t *testing.T) {
			b := &harness{}
			id := b.keep(t, 0, body).String()
			var got []byte
			for from, parts := 0, 0; parts == 0 || from > 0; parts++ {
				w := b.admin("GET", fmt.Sprintf("/%s?from=%d", id, from))
				asText, err := json.Marshal(w.Body.String())
				require.NoError(t, err)
				require.Less(t, len(asText), 6_000_000)
				part := decoded[itemResponse](t, w, 200)
				require.Equal(t, len(body), part.BodyBytes)
				require.Equal(t, utf8.ValidString(body), part.BodyBase64 == nil, "no character is cut")
				got = append(append(got, part.Body...), part.BodyBase64...)
				from = part.NextFrom
			}
			require.Equal(t, body, string(got))
		})
	}
}

func TestShowFrom(t *testing.T) {
	b := &harness{}
	id := b.keep(t, 0, "héllo").String()
	for from, want := range map[string]string{"0": "héllo", "1": "éllo", "2": "\xa9llo", "6": "", "7": "", "9223372036854775807": ""} {
		got := decoded[itemResponse](t, b.admin("GET", "/"+id+"?from="+from), 200)
		require.Equal(t, want, got.Body+string(got.BodyBase64), from)
		require.Equal(t, 6, got.BodyBytes)
	}
	for _, from := range []string{"-1", "x", "1.5"} {
		require.Equal(t, "InvalidParameter", decoded[serve.Problem](t, b.admin("GET", "/"+id+"?from="+from), 400).Code)
	}
}
