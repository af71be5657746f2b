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

// front is an address that stays while the stack behind it comes and goes. Without
// one, connections break.
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

// connect puts a stack behind the front.
func (p *proxy) connect(t *testing.T, s *stack) {
	t.Helper()
	target, err := url.Parse(s.url(""))
	require.NoError(t, err)
	p.target.Store(target)
}

// forwarder is infra/operate/mosquitto, started again and again on one state.
type forwarder struct {
	arguments []string
	cmd       *exec.Cmd
	output    *output
	exited    chan struct{}
}

// newForwarder sends to the instance "mosquitto" behind a front.
func newForwarder(t *testing.T, p *proxy, arguments ...string) *forwarder {
	return &forwarder{arguments: append(arguments,
		"-url", p.url+"/webhooks/mosquitto/mosquitto", "-state", filepath.Join(t.TempDir(), "state"), "-age", "50ms")}
}

// start returns when it has said what is awaited.
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
			t.Logf("a forwarder said:\n%s", output.tail())
		}
	})
	f.awaitSaid(t)
}

func (f *forwarder) awaitSaid(t *testing.T) {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case <-f.output.found:
	case <-f.exited:
		require.FailNow(t, "the forwarder ended", f.output.tail())
	case <-limit.C:
		require.FailNow(t, "the forwarder does not get ready", f.output.tail())
	}
}

// kill ends it without any notice.
func (f *forwarder) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, f.cmd.Process.Kill())
	<-f.exited
}

// stop ends it in order.
func (f *forwarder) stop(t *testing.T) {
	t.Helper()
	require.NoError(t, f.cmd.Process.Signal(syscall.SIGTERM))
	<-f.exited
	require.Equal(t, 0, f.cmd.ProcessState.ExitCode(), f.output.tail())
}
