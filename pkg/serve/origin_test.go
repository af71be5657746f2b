package serve

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOrigin(t *testing.T) {
	for _, c := range []struct{ host, proto, want string }{
		{"trace.example.com", "", "https://trace.example.com"}, {"trace.local", "http", "http://trace.local"},
		{"127.0.0.1:8080", "", "http://127.0.0.1:8080"}, {"[::1]:8080", "", "http://[::1]:8080"}, {"localhost:1", "", "http://localhost:1"},
		{"10.0.0.1", "HTTPS", "https://10.0.0.1"}, {"10.0.0.1", "gopher", "http://10.0.0.1"}, {"a.example", "javascript", "https://a.example"},
		{"", "", ""}, {"a b", "", ""}, {"a\n", "", ""}, {"u@h", "", ""}, {"\u202eh", "", ""}, {"evil.example/x", "", ""}, {strings.Repeat("x", 300), "", ""},
	} {
		r := &http.Request{Host: c.host, Header: http.Header{"X-Forwarded-Proto": {c.proto}}}
		require.Equal(t, c.want, Origin(r), c)
	}
}
