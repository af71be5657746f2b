package bucket

import (
	"bytes"
	"encoding/xml"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/oss"
)

const region = "cn-hangzhou"

// guard is a proxy in front of the bucket that enforces each function's policy, as OSS would. A
// function's name is also the id of its access key.
type guard struct {
	config   oss.Config
	bucket   http.Handler
	policies map[string]policy

	mu      sync.Mutex
	used    map[string]map[grant]int // how often each function used each of its grants
	refused []string
}

// newGuard starts a guard in front of an empty bucket and returns the guard and its URL. The guard
// serves requests until the test ends. The policies come from a folder. queryPolicy is the name of
// the query function's policy, such as "query".
func newGuard(t *testing.T, folder, queryPolicy string) (g *guard, endpoint string) {
	t.Helper()
	g = &guard{policies: map[string]policy{}, used: map[string]map[grant]int{}}
	for _, function := range functions {
		g.policies[function], g.used[function] = readPolicy(t, folder, function), map[grant]int{}
	}
	g.policies["query"] = readPolicy(t, folder, queryPolicy)
	g.config = oss.Config{
		Dir: t.TempDir(), Bucket: "device-trace", Region: region,
		Credentials: func(key string) (secret, token string, ok bool) {
			_, ok = g.policies[key]
			return "secret of " + key, "", ok
		},
	}
	g.open(t)
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	return g, server.URL
}

// open opens the bucket, or reopens it after its files have changed. No function may be running.
func (g *guard) open(t *testing.T) {
	t.Helper()
	bucket, err := oss.Open(g.config)
	require.NoError(t, err)
	g.bucket = bucket
}

// age makes every object an hour older. No function may be running.
func (g *guard) age(t *testing.T) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(filepath.Join(g.config.Dir, "objects"), func(path string, file fs.DirEntry, err error) error {
		if err != nil || file.IsDir() {
			return err
		}
		info, err := file.Info()
		if err != nil {
			return err
		}
		return os.Chtimes(path, time.Time{}, info.ModTime().Add(-time.Hour))
	}))
	g.open(t)
}

func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	function := signerOf(r)
	for _, access := range accessesOf(r) {
		if !g.allow(function, access) {
			http.Error(w, `<Error><Code>AccessDenied</Code></Error>`, http.StatusForbidden)
			return
		}
	}
	g.bucket.ServeHTTP(w, r)
}

// allow reports whether a function's policy allows an access. It counts how often each grant is
// used and keeps a list of refused accesses.
func (g *guard) allow(function string, a access) bool {
	allowing := g.policies[function].grantsFor(a)
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, grant := range allowing {
		g.used[function][grant]++
	}
	if len(allowing) == 0 {
		g.refused = append(g.refused, function+": "+a.action+" "+a.key+a.prefix)
	}
	return len(allowing) > 0
}

var credential = regexp.MustCompile(`Credential=([a-z]+)/`)

// signerOf returns the access key id in a request's Authorization header. It does not check the
// signature, because the bucket does.
func signerOf(r *http.Request) string {
	if match := credential.FindStringSubmatch(r.Header.Get("Authorization")); match != nil {
		return match[1]
	}
	return ""
}

// accessesOf returns the accesses that a policy must allow for a request to succeed. Most requests
// need one access. A DeleteMultipleObjects request needs DeleteObject for each key
// (https://www.alibabacloud.com/help/en/oss/user-guide/authorization-syntax-and-elements).
func accessesOf(r *http.Request) []access {
	_, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	query := r.URL.Query()
	switch {
	case key == "" && r.Method == http.MethodGet && query.Get("list-type") == "2":
		return []access{{action: "oss:ListObjects", prefix: query.Get("prefix")}}
	case key == "" && r.Method == http.MethodPost && query.Has("delete"):
		return deletionsOf(r)
	case key != "" && r.Method == http.MethodPut:
		return []access{{action: "oss:PutObject", key: key}}
	case key != "" && r.Method == http.MethodGet:
		return []access{{action: "oss:GetObject", key: key}}
	}
	return []access{{action: "unknown: " + r.Method, key: r.URL.String()}}
}

func deletionsOf(r *http.Request) (deletions []access) {
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	var list struct {
		Object []struct{ Key string }
	}
	if err != nil || xml.Unmarshal(body, &list) != nil {
		return []access{{action: "unknown: bulk delete"}}
	}
	for _, object := range list.Object {
		deletions = append(deletions, access{action: "oss:DeleteObject", key: object.Key})
	}
	return deletions
}
