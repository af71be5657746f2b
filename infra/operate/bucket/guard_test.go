package bucket

import (
	"bytes"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/oss"
)

const region = "cn-hangzhou"

// guard stands before the bucket and holds each function to its policy, as the
// service does. The functions' access keys are their names.
type guard struct {
	bucket   http.Handler
	policies map[string]policy

	mu      sync.Mutex
	used    map[string]map[grant]int // by function
	refused []string
}

// newGuard serves a bucket that is empty, until the test ends.
func newGuard(t *testing.T) (g *guard, endpoint string) {
	t.Helper()
	g = &guard{policies: map[string]policy{}, used: map[string]map[grant]int{}}
	for _, function := range functions {
		g.policies[function], g.used[function] = readPolicy(t, function), map[grant]int{}
	}
	bucket, err := oss.Open(oss.Config{
		Dir: t.TempDir(), Bucket: "device-trace", Region: region,
		Credentials: func(key string) (secret, token string, ok bool) {
			_, ok = g.policies[key]
			return "secret of " + key, "", ok
		},
	})
	require.NoError(t, err)
	g.bucket = bucket
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	return g, server.URL
}

func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	function := signerOf(r)
	for _, asked := range requestsOf(r) {
		if !g.allow(function, asked) {
			http.Error(w, `<Error><Code>AccessDenied</Code></Error>`, http.StatusForbidden)
			return
		}
	}
	g.bucket.ServeHTTP(w, r)
}

func (g *guard) allow(function string, r request) bool {
	allowing := g.policies[function].allowing(r)
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, one := range allowing {
		g.used[function][one]++
	}
	if len(allowing) == 0 {
		g.refused = append(g.refused, function+": "+r.action+" "+r.key+r.prefix)
	}
	return len(allowing) > 0
}

var credential = regexp.MustCompile(`Credential=([a-z]+)/`)

// signerOf is who claims to have signed; the bucket checks the signature.
func signerOf(r *http.Request) string {
	if match := credential.FindStringSubmatch(r.Header.Get("Authorization")); match != nil {
		return match[1]
	}
	return ""
}

// requestsOf are the permissions that a call needs, as its page in the reference says:
// HeadObject that of GetObject, DeleteMultipleObjects that of DeleteObject for each key.
// (https://www.alibabacloud.com/help/en/oss/user-guide/authorization-syntax-and-elements)
func requestsOf(r *http.Request) []request {
	_, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	query := r.URL.Query()
	switch {
	case key == "" && r.Method == http.MethodGet && query.Get("list-type") == "2":
		return []request{{action: "oss:ListObjects", prefix: query.Get("prefix")}}
	case key == "" && r.Method == http.MethodPost && query.Has("delete"):
		return deletionsOf(r)
	case key != "" && r.Method == http.MethodPut:
		return []request{{action: "oss:PutObject", key: key}}
	case key != "" && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		return []request{{action: "oss:GetObject", key: key}}
	}
	return []request{{action: "unknown: " + r.Method, key: r.URL.String()}}
}

func deletionsOf(r *http.Request) (requests []request) {
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	var asked struct {
		Object []struct{ Key string }
	}
	if err != nil || xml.Unmarshal(body, &asked) != nil {
		return []request{{action: "unknown: bulk delete"}}
	}
	for _, object := range asked.Object {
		requests = append(requests, request{action: "oss:DeleteObject", key: object.Key})
	}
	return requests
}
