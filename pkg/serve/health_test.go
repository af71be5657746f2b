package serve

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// healthOf returns, for each front of f, a function that sends a request without a token.
func healthOf(t *testing.T, f Function) map[string]func(method, path string) (status int, body string) {
	base := startPlain(t, f, true)
	return map[string]func(method, path string) (int, string){
		"plain": func(method, path string) (int, string) {
			response, body := send(t, method, base+path, "")
			return response.StatusCode, body
		},
		"runtime": func(method, path string) (int, string) {
			event := fmt.Appendf(nil, `{"rawPath":%q,"requestContext":{"http":{"method":%q}}}`, path, method)
			resp := runtimeFront{&lifecycle{function: f}}.http(t.Context(), event).runtimeResponse()
			return resp.StatusCode, resp.Body
		},
	}
}

func TestHealth(t *testing.T) {
	f := Function{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }),
		health:  health{version: newVersion("echo"), prefixes: []string{"/webhooks"}},
	}
	for front, request := range healthOf(t, f) {
		for path, want := range map[string]int{
			"/healthz": 200, "/version": 200, "/webhooks/healthz": 200, "/webhooks/version": 200,
			"/": 418, "/healthz/": 418, "/other/healthz": 418, "/webhooks/events/healthz": 418, "//healthz": 418, "/Healthz": 418, "/webhooks": 418,
		} {
			status, body := request("GET", path)
			require.Equal(t, want, status, "%s %s", front, path)
			if path == "/healthz" {
				require.Equal(t, "ok\n", body)
			}
			status, body = request("HEAD", path)
			require.Equal(t, want, status, "%s %s", front, path)
			require.Empty(t, body)
			if want == 200 {
				status, body = request("POST", path)
				require.Equal(t, 405, status, "%s %s", front, path)
				require.Contains(t, body, "MethodNotAllowed")
			}
		}
		_, body := request("GET", "/version")
		var got version
		require.NoError(t, json.Unmarshal([]byte(body), &got))
		require.Equal(t, version{Function: "echo", Version: got.Version, Revision: got.Revision, Modified: got.Modified, Go: runtime.Version()}, got)
	}
}

// A request for /healthz must not call Start, which may call the store. Therefore, a function is healthy
// even if its store is unavailable.
func TestHealthDoesNotStartTheFunction(t *testing.T) {
	f := Function{Start: func(context.Context) error { return errors.New("no bucket") }, Handler: http.NotFoundHandler()}
	for front, request := range healthOf(t, f) {
		status, _ := request("GET", "/healthz")
		require.Equal(t, http.StatusOK, status, front)
		status, body := request("GET", "/")
		require.Equal(t, http.StatusServiceUnavailable, status, front)
		require.Contains(t, body, `"code":"NotStarted"`)
	}
	life := &lifecycle{function: Function{Start: func(context.Context) error { panic("called") }}}
	event := []byte(`{"rawPath":"/healthz","requestContext":{"http":{"method":"GET"}}}`)
	require.Equal(t, http.StatusOK, runtimeFront{life}.http(t.Context(), event).runtimeResponse().StatusCode)
}

func TestHealthOfAnInvalidConfiguration(t *testing.T) {
	f := unavailable(errors.New("SECRET is wrong"))
	f.health.version = newVersion("echo")
	for front, request := range healthOf(t, f) {
		for _, path := range []string{"/healthz", "/"} {
			status, body := request("GET", path)
			require.Equal(t, http.StatusServiceUnavailable, status, front)
			require.Contains(t, body, `"code":"InvalidConfiguration"`)
			require.NotContains(t, body, "SECRET")
		}
		status, _ := request("GET", "/version")
		require.Equal(t, http.StatusOK, status, front)
	}
}

// A function must be able to choose its own response to requests that arrive while Start fails.
func TestUnavailable(t *testing.T) {
	f := Function{
		Start:       func(context.Context) error { return errors.New("no bucket") },
		Unavailable: func(w http.ResponseWriter, err error) { TryLater(w, 503, "Mine", "because: "+err.Error()) },
	}
	for front, request := range healthOf(t, f) {
		status, body := request("GET", "/")
		require.Equal(t, http.StatusServiceUnavailable, status, front)
		require.Equal(t, `{"code":"Mine","error":"because: start the function: no bucket"}`+"\n", body)
	}
}

// A server that is handling MaxRequests requests must still respond to /healthz.
func TestHealthPassesTheDoor(t *testing.T) {
	arrived, leave := make(chan struct{}), make(chan struct{})
	base := startPlain(t, Function{MaxRequests: 1, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		<-leave
	})}, false)
	ended := make(chan error, 1)
	go func() { ended <- request("GET", base, nil) }()
	await(t, arrived)
	response, _ := send(t, "GET", base, "")
	require.Equal(t, http.StatusTooManyRequests, response.StatusCode)
	response, _ = send(t, "GET", base+"/healthz", "")
	require.Equal(t, http.StatusOK, response.StatusCode)
	close(leave)
	require.NoError(t, await(t, ended))
}

// Behind Function Compute, a process with an invalid configuration must report it at /healthz, and must
// respond to /version with the name that was passed to Main.
func TestHealthOfABinary(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	for setting, want := range map[string]int{"MISWIRED=1": 503, "MISWIRED=": 200} {
		child := exec.CommandContext(t.Context(), self)
		child.Env = append(os.Environ(), "SERVE_TEST_FUNCTION=1", "FC_RUNTIME_API=", "BEHIND_FUNCTION_COMPUTE=true", "HOST=127.0.0.1", "PORT=0", setting)
		stderr, err := child.StderrPipe()
		require.NoError(t, err)
		require.NoError(t, child.Start())
		var listening struct{ Address string }
		for lines := bufio.NewScanner(stderr); listening.Address == "" && lines.Scan(); {
			require.NoError(t, json.Unmarshal(lines.Bytes(), &listening), lines.Text())
		}
		response, _ := send(t, "GET", "http://"+listening.Address+"/healthz", "")
		require.Equal(t, want, response.StatusCode)
		_, body := send(t, "GET", "http://"+listening.Address+"/prefix/version", "")
		require.Contains(t, body, `{"function":"echo",`)
		http.DefaultClient.CloseIdleConnections()
		require.NoError(t, child.Process.Signal(syscall.SIGTERM))
		require.NoError(t, child.Wait())
	}
}
