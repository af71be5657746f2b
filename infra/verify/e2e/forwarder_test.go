package e2e

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// proxy is a reverse proxy whose address stays the same while the stack behind it restarts. While
// the stack is down, the proxy aborts connections.
type proxy struct {
	url    string
	target atomic.Pointer[url.URL]
}

func newProxy(t *testing.T, s *stack) *proxy {
	p := &proxy{}
	p.connect(t, s)
	server := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite:      func(r *httputil.ProxyRequest) { r.SetURL(p.target.Load()) },
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	})
	t.Cleanup(server.Close)
	p.url = server.URL
	return p
}

// connect directs the proxy to a stack.
func (p *proxy) connect(t *testing.T, s *stack) {
	t.Helper()
	target, err := url.Parse(s.url(""))
	require.NoError(t, err)
	p.target.Store(target)
}

// forwarder runs the program in infra/operate/forwarder. The program's state survives restarts.
type forwarder struct {
	arguments []string
	*daemon
}

// newForwarder returns a forwarder that sends through a proxy to the given webhook. webhook
// consists of the route and the instance.
func newForwarder(t *testing.T, p *proxy, webhook string, arguments ...string) *forwarder {
	return &forwarder{arguments: append(arguments,
		"-url", p.url+"/webhooks/"+webhook, "-state", filepath.Join(t.TempDir(), "state"), "-age", "50ms")}
}

// start starts the forwarder and waits until its output matches the given regular expression.
func (f *forwarder) start(t *testing.T, awaited string) {
	t.Helper()
	cmd := exec.Command(filepath.Join(built, ".build", "forwarder"), f.arguments...)
	cmd.Env = append(os.Environ(), "WEBHOOK_TOKEN="+webhookToken)
	f.daemon, _ = startDaemon(t, cmd, regexp.MustCompile(awaited))
}
