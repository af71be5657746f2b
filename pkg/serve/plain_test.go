package serve

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func noEnv(string) string { return "" }

// startPlain serves f on a free port until the test ends, and returns the base URL.
func startPlain(t *testing.T, f Function, onPlatform bool) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	front := plainFront{life: &lifecycle{function: f}, onPlatform: onPlatform}
	go func() { done <- front.serve(ctx, listener) }()
	t.Cleanup(func() {
		cancel()
		http.DefaultClient.CloseIdleConnections()
		require.NoError(t, await(t, done))
	})
	return "http://" + listener.Addr().String()
}

// patience is the maximum time that a test waits.
const patience = time.Minute

// await returns the next value from a channel. It fails the test if no value arrives in time.
func await[T any](t *testing.T, values <-chan T) (value T) {
	t.Helper()
	select {
	case value = <-values:
	case <-time.After(patience):
		require.FailNow(t, "it does not come")
	}
	return value
}

func send(t *testing.T, method, url, body string, header ...string) (*http.Response, string) {
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response, string(got)
}

func TestPlainHTTP(t *testing.T) {
	base := startPlain(t, testFunction(noEnv), false)
	response, body := send(t, "PUT", base+"/a%20b?q=x%26y", "hi", "X-Ask", "one", "X-Fc-Access-Key-Id", "forged")
	require.Equal(t, http.StatusOK, response.StatusCode)
	got := decode(t, body)
	require.Equal(t, response.Header.Get("X-Request-Id"), got.RequestID)
	require.Len(t, got.RequestID, 32)
	require.Equal(t, "none", got.Keys, "keys from outside the platform are not believed")
	require.Equal(t, []any{"PUT", "/a b", "x&y", "one", "hi", 1, true},
		[]any{got.Method, got.Path, got.Query, got.Header, got.Body, got.Starts, got.Deadline})
}

func TestPlainPanicAndHead(t *testing.T) {
	base := startPlain(t, testFunction(noEnv), false)
	response, _ := send(t, "GET", base+"/panic", "")
	require.Equal(t, http.StatusInternalServerError, response.StatusCode)
	response, body := send(t, "HEAD", base+"/", "")
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Empty(t, body)
}

func TestPlainServesConcurrently(t *testing.T) {
	arrived, leave := make(chan struct{}), make(chan struct{})
	base := startPlain(t, Function{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		<-leave
	})}, false)
	errs := make(chan error, 2)
	for range 2 {
		go func() {
			response, err := http.Get(base)
			if err == nil {
				response.Body.Close()
			}
			errs <- err
		}()
	}
	await(t, arrived)
	await(t, arrived)
	close(leave)
	require.NoError(t, errors.Join(await(t, errs), await(t, errs)))
}

func TestPlainControlPathsNeedThePlatform(t *testing.T) {
	base := startPlain(t, testFunction(noEnv), false)
	for _, path := range []string{"/invoke", "/pre-stop"} {
		method := http.MethodPost
		if path == "/pre-stop" {
			method = http.MethodGet
		}
		_, body := send(t, method, base+path, "bad", "X-Fc-Control-Path", path)
		require.Equal(t, path, decode(t, body).Path, "the handler got it")
	}
}

func TestPlainOnPlatform(t *testing.T) {
	base := startPlain(t, testFunction(noEnv), true)
	for _, c := range []struct {
		method, path, body, control string
		want                        int
	}{
		{"POST", "/invoke", "good", "/invoke", 200},
		{"POST", "/invoke", "bad", "/invoke", 404},
		{"GET", "/pre-stop", "", "/pre-stop", 200},
	} {
		response, _ := send(t, c.method, base+c.path, c.body, "X-Fc-Control-Path", c.control)
		require.Equal(t, c.want, response.StatusCode, c.path)
	}
	_, body := send(t, "POST", base+"/invoke", "", "X-Fc-Control-Path", "/http-invoke",
		"X-Fc-Request-Id", "r1", "X-Fc-Access-Key-Id", "i", "X-Fc-Access-Key-Secret", "s", "X-Fc-Security-Token", "t")
	got := decode(t, body)
	require.Equal(t, []any{"/invoke", "r1", "i/s/t"}, []any{got.Path, got.RequestID, got.Keys})
}

func TestPlainEventOnlyFunction(t *testing.T) {
	var got []byte
	base := startPlain(t, Function{Event: func(_ context.Context, payload []byte) error {
		got = payload
		return nil
	}}, false)
	response, _ := send(t, "POST", base+"/invoke", "payload")
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, "payload", string(got))
	response, _ = send(t, "GET", base+"/other", "")
	require.Equal(t, http.StatusNotFound, response.StatusCode)
}

func TestPlainFailedStart(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	front := plainFront{life: &lifecycle{function: Function{Start: func(context.Context) error { return errors.New("no bucket") }}}}
	require.EqualError(t, front.serve(t.Context(), listener), "start the function: no bucket")
}

func TestListenAddress(t *testing.T) {
	for _, c := range []struct {
		env        map[string]string
		onPlatform bool
		want       string
	}{
		{nil, false, "127.0.0.1:9000"},
		{nil, true, "0.0.0.0:9000"},
		{map[string]string{"FC_CUSTOM_LISTEN_PORT": "9001"}, true, "0.0.0.0:9001"},
		{map[string]string{"HOST": "0.0.0.0", "PORT": "1", "FC_SERVER_PORT": "2"}, false, "0.0.0.0:1"},
		{map[string]string{"HOST": "10.0.0.1"}, true, "10.0.0.1:9000"},
	} {
		require.Equal(t, c.want, listenAddress(func(name string) string { return c.env[name] }, c.onPlatform))
	}
}

// TestOnlyTheSettingMeansThePlatform checks that the platform's own variables do not make a server
// trust x-fc- headers, because such variables may be set on any machine.
func TestOnlyTheSettingMeansThePlatform(t *testing.T) {
	for value, want := range map[string]bool{"": false, "false": false, "true": true, " true ": true} {
		got, err := isOnPlatform(func(name string) string {
			return map[string]string{
				"BEHIND_FUNCTION_COMPUTE": value, "FC_FUNCTION_NAME": "f", "FC_CUSTOM_LISTEN_PORT": "9000", "FC_INSTANCE_ID": "c-1",
			}[name]
		})
		require.NoError(t, err)
		require.Equal(t, want, got, value)
	}
	_, err := isOnPlatform(func(string) string { return "yes" })
	require.EqualError(t, err, `environment variable BEHIND_FUNCTION_COMPUTE is "yes", want true or false`)
}

// TestPlainBinary starts a real process and stops it with SIGTERM, as an operator would. The
// process must call Stop exactly once.
func TestPlainBinary(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	child := exec.CommandContext(ctx, self)
	child.Env = append(os.Environ(), "SERVE_TEST_FUNCTION=1", "FC_RUNTIME_API=", "FC_FUNCTION_NAME=f", "BEHIND_FUNCTION_COMPUTE=", "HOST=", "PORT=0")
	stderr, err := child.StderrPipe()
	require.NoError(t, err)
	var stdout strings.Builder
	child.Stdout = &stdout
	require.NoError(t, child.Start())
	line, err := bufio.NewReader(stderr).ReadBytes('\n')
	require.NoError(t, err)
	var listening struct{ Msg, Address, Function string }
	require.NoError(t, json.Unmarshal(line, &listening), string(line))
	require.Equal(t, "listening", listening.Msg)
	require.Equal(t, "echo", listening.Function)
	require.True(t, strings.HasPrefix(listening.Address, "127.0.0.1:"), listening.Address)
	response, body := send(t, "GET", "http://"+listening.Address+"/", "", "X-Fc-Access-Key-Id", "forged", "X-Fc-Request-Id", "forged")
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, "none", decode(t, body).Keys)
	require.NotEqual(t, "forged", decode(t, body).RequestID)
	_, body = send(t, "GET", "http://"+listening.Address+"/pre-stop", "", "X-Fc-Control-Path", "/pre-stop")
	require.Equal(t, "/pre-stop", decode(t, body).Path, "the handler got it, so the function was not stopped")
	require.NoError(t, child.Process.Signal(syscall.SIGTERM))
	require.NoError(t, child.Wait())
	require.Equal(t, "stopping 1\n", stdout.String())
}
