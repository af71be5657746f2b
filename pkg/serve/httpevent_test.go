package serve

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIsHTTPEvent(t *testing.T) {
	for payload, want := range map[string]bool{
		`{"requestContext":{"http":{"method":"GET"}}}`:   true,
		`{"requestContext":{"http":{}}}`:                 true,
		`{"requestContext":{"http":null}}`:               false,
		`{"requestContext":{}}`:                          false,
		`{"triggerTime":"2026-11-22T00:00:00Z"}`:         false,
		`[{"requestContext":{"http":{"method":"GET"}}}]`: false,
		``:                          false,
		`{"requestContext":"http"}`: false,
		`"requestContext"`:          false,
		`{"requestContext":{"http":{"method":"GET"}}} more`: false,
	} {
		require.Equal(t, want, isHTTPEvent([]byte(payload)), payload)
	}
}

// FuzzHTTPEvent checks that a payload may cause an error but never a panic.
func FuzzHTTPEvent(f *testing.F) {
	f.Add([]byte(`{"rawPath":"/a%20b","body":"aGk=","isBase64Encoded":true,"headers":{"a":"b"},"queryParameters":{"q":"1,2"},"requestContext":{"http":{"method":"GET","path":"/a b","sourceIp":"::1"}}}`))
	f.Add([]byte(`{"rawPath":"//x/../y","requestContext":{"http":{}}}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		if !isHTTPEvent(payload) {
			return
		}
		r, err := httpRequest(context.Background(), payload)
		if err != nil {
			return
		}
		require.Equal(t, byte('/'), r.URL.Path[0])
		require.NotEmpty(t, r.Method)
	})
}
