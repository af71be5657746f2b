package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/fc"
	"devicetrace/infra/local/oss"
	"devicetrace/infra/local/syaml"
)

// smokeResult is the result of the command `ops smoke`.
type smokeResult struct {
	status         int
	stdout, stderr string
}

// smoke runs `ops smoke` with the given tokens. The output must contain neither token.
func smoke(t *testing.T, webhook, query string, arguments ...string) smokeResult {
	t.Helper()
	var stdout, stderr strings.Builder
	cmd := exec.CommandContext(t.Context(), filepath.Join(built, ".build", "ops"), append([]string{"smoke"}, arguments...)...)
	cmd.Env = []string{"WEBHOOK_TOKEN=" + webhook, "QUERY_TOKEN=" + query}
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil {
		require.ErrorAs(t, err, &exit)
	}
	result := smokeResult{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
	require.NotContains(t, result.stdout+result.stderr, webhook)
	require.NotContains(t, result.stdout+result.stderr, query)
	return result
}

// requireStep checks that the named step failed and that the output contains the given texts.
func (r smokeResult) requireStep(t *testing.T, name string, want ...string) {
	t.Helper()
	require.Equal(t, 1, r.status, r.stdout)
	require.Equal(t, fmt.Sprintf("ops: the step %q failed\n", name), r.stderr, r.stdout)
	for _, text := range want {
		require.Contains(t, r.stdout, text)
	}
}

// TestSmoke runs the command against the whole system, in both deployments. Afterwards, the event
// must be in the bucket, and its client must not be online.
func TestSmoke(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"s.yaml", concurrentFile} {
		s := newStackWith(t, "S_YAML="+file)
		got := smoke(t, webhookToken, queryToken, s.url("/"), "-instance", "plant.1")
		require.Zero(t, got.status, got.stdout+got.stderr)
		require.Empty(t, got.stderr)
		require.Equal(t, 8, strings.Count(got.stdout, "✓"), got.stdout)
		clientID := regexp.MustCompile(`device-trace-smoke-[a-z0-9]+`).FindString(got.stdout)
		rows := s.trace(t, question("plant.1", clientID, time.Now().Add(-time.Hour), time.Now())).rows(t)
		require.Len(t, rows, 1)
		require.Equal(t, "disconnect", rows[0].Action)
		require.Equal(t, "disconnected by client", rows[0].ActionInfo)
		smoke(t, "wrong-token", queryToken, s.url("")).requireStep(t, "post", "the recorder responds with 401 Unauthorized", "this WEBHOOK_TOKEN")
		smoke(t, webhookToken, "wrong-token", s.url("")).requireStep(t, "read", "the query function responds with 401 Unauthorized", "this QUERY_TOKEN")
		s.requireEvents(t, 2)
	}
}

// TestHealthOnTheDomain checks which function responds to each health and version path on the
// custom domain. These paths need no token.
func TestHealthOnTheDomain(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"s.yaml", concurrentFile} {
		s := newStackWith(t, "S_YAML="+file)
		for path, want := range map[string]string{"/healthz": "ok\n", "/webhooks/healthz": "ok\n", "/version": `{"function":"query",`, "/webhooks/version": `{"function":"recorder",`} {
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				r, err := do(t.Context(), method, s.url(path), "", nil, nil)
				require.NoError(t, err)
				require.Equal(t, http.StatusOK, r.status, path)
				if method == http.MethodGet {
					require.Contains(t, string(r.body), want)
				}
			}
		}
	}
}

// TestVersionIsTheCommit builds the functions of a clone with the commands of s.yaml. The binaries
// must know the commit that they were built from. The clone is needed because Go does not find the
// commit in a linked work tree of Git.
func TestVersionIsTheCommit(t *testing.T) {
	t.Parallel()
	head, err := exec.CommandContext(t.Context(), "git", "-C", root, "rev-parse", "HEAD").Output()
	require.NoError(t, err, "run the tests in a clone of the repository")
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("the commands build for another system")
	}
	clone, folder := t.TempDir(), t.TempDir()
	output, err := exec.CommandContext(t.Context(), "git", "clone", "-q", "--shared", root, clone).CombinedOutput()
	require.NoError(t, err, string(output))
	text, err := os.ReadFile(filepath.Join(clone, "s.yaml"))
	require.NoError(t, err)
	commands := regexp.MustCompile(`(?m)^ *- run: (env .*go build .*/functions/(recorder|query))$`).FindAllStringSubmatch(string(text), -1)
	require.Len(t, commands, 2)
	for _, command := range commands {
		words := strings.Fields(strings.ReplaceAll(command[1], "-o .build/", "-o "+folder+"/"))
		build := exec.CommandContext(t.Context(), words[0], words[1:]...)
		build.Dir, build.Env = clone, append(os.Environ(), "GOFLAGS=-trimpath") // instead of this machine's flags
		output, err := build.CombinedOutput()
		require.NoError(t, err, string(output))

		function := exec.Command(filepath.Join(folder, command[2], command[2]))
		function.Env = []string{"BEHIND_FUNCTION_COMPUTE=true", "HOST=127.0.0.1", "PORT=0"}
		_, match := startDaemon(t, function, listening)
		r, err := do(t.Context(), http.MethodGet, "http://"+match[1]+"/version", "", nil, nil)
		require.NoError(t, err)
		var version struct {
			Function, Revision, Go string
			Modified               bool
		}
		require.NoError(t, json.Unmarshal(r.body, &version), string(r.body))
		require.Equal(t, command[2], version.Function)
		require.Equal(t, strings.TrimSpace(string(head)), version.Revision)
		require.False(t, version.Modified)
		require.Equal(t, runtime.Version(), version.Go)
	}
}

// hosted describes the functions of s.yaml on the local function host, with a store that a test
// controls. Unlike a stack, the host does not wait until the functions can start.
type hosted struct {
	variables map[string]string                      // variables that s.yaml refers to
	change    func(functions []syaml.Function)       // changes the functions before they are hosted
	store     func(bucket http.Handler) http.Handler // stands between the functions and the bucket
	domain    func(host http.Handler) http.Handler   // stands in front of the custom domain
	bucket    *oss.Server
	url       string
}

func (h *hosted) start(t *testing.T) {
	t.Helper()
	settings := map[string]string{
		"WEBHOOK_TOKEN": webhookToken, "QUERY_TOKEN": queryToken, "OSS_BUCKET": "device-trace", "DOMAIN": "trace.example.com", "CERT_NAME": "trace",
	}
	for name, value := range h.variables {
		settings[name] = value
	}
	text, err := os.ReadFile(filepath.Join(built, "s.yaml"))
	require.NoError(t, err)
	functions, err := syaml.Parse(text, func(name string) (string, bool) { value, found := settings[name]; return value, found })
	require.NoError(t, err)
	if h.change != nil {
		h.change(functions)
	}
	h.bucket, err = oss.Open(oss.Config{
		Dir: t.TempDir(), Bucket: "device-trace", Region: "cn-hangzhou",
		Credentials: func(key string) (secret, token string, ok bool) { return "secret", "sts", key == "key" },
	})
	require.NoError(t, err)
	var store http.Handler = h.bucket
	if h.store != nil {
		store = h.store(store)
	}
	standIn := httptest.NewServer(store)
	t.Cleanup(standIn.Close)
	var log bytes.Buffer
	host, err := fc.New(fc.Config{
		Functions: functions, Dir: built, Environment: map[string]string{"OSS_ENDPOINT": standIn.URL}, Output: &log,
		Credentials: func() fc.Credentials {
			return fc.Credentials{AccessKeyID: "key", AccessKeySecret: "secret", SecurityToken: "sts"}
		},
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, host.Stop(ctx))
		if t.Failed() {
			t.Logf("output of the functions:\n%s", tail(log.String()))
		}
	})
	var domain http.Handler = host
	if h.domain != nil {
		domain = h.domain(domain)
	}
	server := httptest.NewServer(domain)
	t.Cleanup(server.Close)
	h.url = server.URL
}

// put puts an empty object into the bucket.
func (h *hosted) put(ctx context.Context, key string) error {
	return h.bucket.Store().Put(ctx, key, bytes.NewReader(nil), 0)
}

// ossRefuses returns a store that responds to matching requests with an error of OSS.
func ossRefuses(status int, code string, match func(*http.Request) bool) func(http.Handler) http.Handler {
	return func(bucket http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !match(r) {
				bucket.ServeHTTP(w, r)
				return
			}
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(status)
			fmt.Fprintf(w, "<Error><Code>%s</Code><Message>You have no right to access this object.</Message></Error>", code)
		})
	}
}

func always(*http.Request) bool { return true }

// environment returns a change that sets a variable of one function.
func environment(resource, name, value string) func([]syaml.Function) {
	return func(functions []syaml.Function) {
		for _, f := range functions {
			if f.Resource == resource {
				f.Environment[name] = value
			}
		}
	}
}

// TestSmokeFindsFaults injects faults into the real functions on the local function host. The
// command must name the failing step, say what is wrong and say what to do.
func TestSmokeFindsFaults(t *testing.T) {
	t.Parallel()
	isPut := func(r *http.Request) bool { return r.Method == http.MethodPut }
	for name, c := range map[string]struct {
		hosted         hosted
		webhook, query string // the tokens, if not the right ones
		step           string
		want           []string
	}{
		"no fault":                           {},
		"webhook token for another instance": {hosted: hosted{variables: map[string]string{"WEBHOOK_TOKENS": "limited-webhooks=other"}}, webhook: "limited-webhooks", step: "post", want: []string{"403 Forbidden", "-instance"}},
		"query token for another instance":   {hosted: hosted{variables: map[string]string{"QUERY_TOKENS": "limited-queries=other"}}, query: "limited-queries", step: "read", want: []string{"403 Forbidden", "QUERY_TOKENS"}},
		"a role without a policy":            {hosted: hosted{store: ossRefuses(403, "AccessDenied", always)}, step: "post", want: []string{"503 StoreForbidden", "OSS responds with 403", "policy"}},
		"a policy without puts":              {hosted: hosted{store: ossRefuses(403, "AccessDenied", isPut)}, step: "post", want: []string{"503 StoreForbidden"}},
		"a query role without a policy": {hosted: hosted{change: environment("query", "OSS_PREFIX", "denied/"), store: ossRefuses(403, "AccessDenied", func(r *http.Request) bool {
			return strings.HasPrefix(r.URL.Query().Get("prefix"), "denied/")
		})}, step: "read", want: []string{"the query function responds with 503 StoreForbidden", "policy"}},
		"expired keys":          {hosted: hosted{store: ossRefuses(403, "InvalidAccessKeyId", isPut)}, step: "post", want: []string{"503 StoreForbidden"}},
		"no such bucket":        {hosted: hosted{variables: map[string]string{"OSS_BUCKET": "missing"}}, step: "post", want: []string{"503 NoSuchBucket", "create the bucket"}},
		"another region":        {hosted: hosted{variables: map[string]string{"REGION": "cn-beijing"}}, step: "post", want: []string{"503 WrongEndpoint", "set REGION"}},
		"another bucket":        {hosted: hosted{change: environment("query", "OSS_PREFIX", "other/")}, step: "read", want: []string{"the bucket of the query function is empty", "OSS_PREFIX"}},
		"invalid configuration": {hosted: hosted{variables: map[string]string{"SHARDS": "5"}}, step: "recorder", want: []string{"503 InvalidConfiguration"}},
		"invalid configuration of the query function": {hosted: hosted{variables: map[string]string{"OPENAPI_KEYS": "x"}}, step: "query", want: []string{"503 InvalidConfiguration"}},
		"no route to the recorder": {hosted: hosted{change: func(functions []syaml.Function) {
			for i := range functions {
				if functions[i].Resource == "recorder" {
					functions[i].Domain = nil
				}
			}
		}}, step: "recorder", want: []string{"route /webhooks/* to the recorder"}},
		"no route at all": {hosted: hosted{change: func(functions []syaml.Function) {
			for i := range functions {
				functions[i].Domain = nil
			}
		}}, step: "recorder", want: []string{"Function Compute responds with 404 DomainRouteNotFound", "bind the custom domain"}},
		"asynchronous calls": {hosted: hosted{domain: func(host http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					r.Header.Set("X-Fc-Invocation-Type", "Async")
				}
				host.ServeHTTP(w, r)
			})
		}}, step: "post", want: []string{"the response is 202", "X-Fc-Invocation-Type: Async"}},
		"a wrong clock": {hosted: hosted{domain: func(host http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Date", time.Now().Add(-2*time.Hour).UTC().Format(http.TimeFormat))
				host.ServeHTTP(w, r)
			})
		}}, step: "clock", want: []string{"this machine's clock is ", "ahead of the server's"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.hosted.start(t)
			got := smoke(t, or(c.webhook, webhookToken), or(c.query, queryToken), c.hosted.url)
			if c.step == "" {
				require.Zero(t, got.status, got.stdout+got.stderr)
				return
			}
			got.requireStep(t, c.step, c.want...)
		})
	}
}

func or(text, byDefault string) string {
	if text == "" {
		return byDefault
	}
	return text
}

// TestSmokeFindsWrongLayouts checks a bucket whose marker has a different number of shards, and a
// bucket with two markers. The recorder must say so although it cannot start.
func TestSmokeFindsWrongLayouts(t *testing.T) {
	t.Parallel()
	for name, markers := range map[string][]string{
		"another number of shards": {"layout/v3-shards256"},
		"two markers":              {"layout/v3-shards16", "layout/v3-shards256"},
	} {
		t.Run(name, func(t *testing.T) {
			h := hosted{}
			h.start(t)
			for _, key := range markers {
				require.NoError(t, h.put(t.Context(), key))
			}
			smoke(t, webhookToken, queryToken, h.url).requireStep(t, "post", "503 LayoutMismatch", "SHARDS", "Two layout markers")
		})
	}
	t.Run("two markers, seen by the query function", func(t *testing.T) {
		h := hosted{}
		h.domain = func(host http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/api/v1/trace" {
					if err := h.put(r.Context(), "layout/v3-shards256"); err != nil {
						panic(err)
					}
				}
				host.ServeHTTP(w, r)
			})
		}
		h.start(t)
		smoke(t, webhookToken, queryToken, h.url).requireStep(t, "read", "the query function responds with 503 LayoutMismatch")
	})
}

// TestSmokeAfterARepair checks that a recorder recovers without a restart once OSS no longer
// refuses it. In the meantime, it is healthy, because health does not depend on the store.
func TestSmokeAfterARepair(t *testing.T) {
	t.Parallel()
	var refused atomic.Bool
	refused.Store(true)
	h := hosted{store: ossRefuses(403, "AccessDenied", func(*http.Request) bool { return refused.Load() })}
	h.start(t)
	got := smoke(t, webhookToken, queryToken, h.url)
	got.requireStep(t, "post", "503 StoreForbidden")
	require.Regexp(t, `(?m)^✓ recorder `, got.stdout)
	refused.Store(false)
	got = smoke(t, webhookToken, queryToken, h.url)
	require.Zero(t, got.status, got.stdout+got.stderr)
}

// TestSmokeOfPlainServers checks two servers at different addresses. The flag -query names the
// second one.
func TestSmokeOfPlainServers(t *testing.T) {
	t.Parallel()
	p := newPlainServers(t)
	got := smoke(t, webhookToken, queryToken, "http://"+p.recorder, "-query", "http://"+p.query)
	require.Zero(t, got.status, got.stdout+got.stderr)
	smoke(t, webhookToken, queryToken, "http://"+p.recorder).requireStep(t, "query", "leads to the function recorder", "-query")
	smoke(t, webhookToken, queryToken, "http://"+p.query).requireStep(t, "recorder", "route /webhooks/* to the recorder")
}
