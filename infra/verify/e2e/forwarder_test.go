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
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// proxy has an address that stays the same while the stack behind it restarts. While no stack is up,
// it breaks connections.
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

// connect makes a stack the target of the proxy.
func (p *proxy) connect(t *testing.T, s *stack) {
	t.Helper()
	target, err := url.Parse(s.url(""))
	require.NoError(t, err)
	p.target.Store(target)
}

// forwarder is infra/operate/mosquitto. It keeps its state across restarts.
type forwarder struct {
	arguments []string
	cmd       *exec.Cmd
	output    *output
	exited    chan struct{}
}

// newForwarder returns a forwarder that sends to the instance "mosquitto" through a proxy.
func newForwarder(t *testing.T, p *proxy, arguments ...string) *forwarder {
	return &forwarder{arguments: append(arguments,
		"-url", p.url+"/webhooks/mosquitto/mosquitto", "-state", filepath.Join(t.TempDir(), "state"), "-age", "50ms")}
}

// start starts the forwarder and waits until its output matches the expression awaited.
func (f *forwarder) start(t *testing.T, awaited string) {
	t.Helper()
	f.cmd = exec.Command(filepath.Join(built, ".build", "forwarder"), f.arguments...)
	f.cmd.Env = append(os.Environ(), "WEBHOOK_TOKEN="+webhookToken)
	f.output = newOutput(regexp.MustCompile(awaited))
	f.cmd.Stdout, f.cmd.Stderr = f.output, f.output
	require.NoError(t, f.cmd.Start())
	cmd, exited, output := f.cmd, make(chan struct{}), f.output
	f.exited = exited
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-exited
		if t.Failed() {
			t.Logf("output of the forwarder:\n%s", output.tail())
		}
	})
	f.awaitOutput(t)
}

func (f *forwarder) awaitOutput(t *testing.T) {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case <-f.output.found:
	case <-f.exited:
		require.FailNow(t, "the forwarder ended before it was ready", f.output.tail())
	case <-limit.C:
		require.FailNow(t, "the forwarder did not become ready in time", f.output.tail())
	}
}

// kill kills the forwarder without notice.
func (f *forwarder) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, f.cmd.Process.Kill())
	<-f.exited
}

// stop stops the forwarder cleanly.
func (f *forwarder) stop(t *testing.T) {
	t.Helper()
	require.NoError(t, f.cmd.Process.Signal(syscall.SIGTERM))
	<-f.exited
	require.Equal(t, 0, f.cmd.ProcessState.ExitCode(), f.output.tail())
}
