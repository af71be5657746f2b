package serve

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func noEnv(string) string { return "" }

// startPlain serves f on a free port until the test ends, and returns the base URL. The invoke
// token is "invoke-token".
func startPlain(t *testing.T, f Function, onPlatform bool) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	settings := map[string]string{"BEHIND_FUNCTION_COMPUTE": strconv.FormatBool(onPlatform), "INVOKE_TOKEN": "invoke-token"}
	front, err := newPlainFront(f, func(name string) string { return settings[name] })
	require.NoError(t, err)
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
		require.FailNow(t, "no value arrived in time")
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
	require.Equal(t, "none", got.Keys, "keys from outside the platform must be ignored")
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

// TestLongResponses checks that a response longer than the buffer is complete. If the handler
// panics after it has written the body, the client must notice that the response is incomplete.
func TestLongResponses(t *testing.T) {
	long := bytes.Repeat([]byte("0123456789"), maxBuffered)
	f := Function{MaxRequests: 1, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for part := range slices.Chunk(long, 1000) {
			w.Write(part)
		}
		if r.URL.Path == "/panic" {
			panic("broken on purpose")
		}
	})}
	base := startPlain(t, f, false)
	response, body := send(t, "GET", base, "")
	require.Equal(t, string(long), body)
	require.Equal(t, "text/plain; charset=utf-8", response.Header.Get("Content-Type"))
	require.Equal(t, "nosniff", response.Header.Get("X-Content-Type-Options"))
	_, body = send(t, "HEAD", base, "")
	require.Empty(t, body)
	for range 2 {
		response, err := http.Get(base + "/panic")
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, response.StatusCode, "the last request no longer counts")
		_, err = io.ReadAll(response.Body)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.NoError(t, response.Body.Close())
	}
	for path, want := range map[string]int{"/": http.StatusOK, "/panic": http.StatusInternalServerError} {
		event := fmt.Appendf(nil, `{"rawPath":%q,"requestContext":{"http":{"method":"GET"}}}`, path)
		resp := runtimeFront{&lifecycle{function: f}}.http(t.Context(), event).runtimeResponse()
		require.Equal(t, want, resp.StatusCode)
		require.Equal(t, want == http.StatusOK, string(long) == resp.Body)
	}
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
		require.Equal(t, path, decode(t, body).Path, "the request must reach the handler")
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
		if string(payload) == "bad" {
			return errors.New("cannot run")
		}
		got = payload
		return nil
	}}, false)
	for _, header := range [][]string{nil, {"Authorization", "Bearer wrong"}, {"Authorization", "Bearer "}, {"X-Fc-Control-Path", "/invoke"}} {
		response, body := send(t, "POST", base+"/invoke", "payload", header...)
		require.Equal(t, http.StatusUnauthorized, response.StatusCode)
		require.Contains(t, body, `"code":"Unauthorized"`)
		require.Nil(t, got)
	}
	response, _ := send(t, "POST", base+"/invoke", "payload", "Authorization", "Bearer invoke-token")
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, "payload", string(got))
	response, body := send(t, "POST", base+"/invoke", "bad", "Authorization", "Bearer invoke-token")
	require.Equal(t, http.StatusInternalServerError, response.StatusCode)
	require.Contains(t, body, `"code":"InvocationFailed"`)
	for _, path := range []string{"/other", "/invoke"} {
		response, _ = send(t, "GET", base+path, "", "Authorization", "Bearer invoke-token")
		require.Equal(t, http.StatusNotFound, response.StatusCode, path)
	}
}

// TestInvokeNeedsAToken checks that a server whose only path is /invoke does not start without a
// token. On the platform, it does start, because control paths cannot be called from outside.
func TestInvokeNeedsAToken(t *testing.T) {
	event := func(context.Context, []byte) error { return nil }
	handler := http.HandlerFunc(readAll)
	for name, c := range map[string]struct {
		f    Function
		env  map[string]string
		want string
	}{
		"no token":       {Function{Event: event}, nil, "environment variable INVOKE_TOKEN is not set: set it to the bearer token that a POST to /invoke must send to start the function"},
		"spaces":         {Function{Event: event}, map[string]string{"INVOKE_TOKEN": " "}, "environment variable INVOKE_TOKEN is not set: set it to the bearer token that a POST to /invoke must send to start the function"},
		"invalid token":  {Function{Event: event}, map[string]string{"INVOKE_TOKEN": "a b"}, "environment variable INVOKE_TOKEN is wrong: a token must consist of visible ASCII characters and must not be empty"},
		"a token":        {Function{Event: event}, map[string]string{"INVOKE_TOKEN": "token"}, ""},
		"the platform":   {Function{Event: event}, map[string]string{"BEHIND_FUNCTION_COMPUTE": "true"}, ""},
		"HTTP as well":   {Function{Event: event, Handler: handler}, nil, ""},
		"HTTP alone":     {Function{Handler: handler}, nil, ""},
		"a wrong switch": {Function{Handler: handler}, map[string]string{"BEHIND_FUNCTION_COMPUTE": "1"}, `environment variable BEHIND_FUNCTION_COMPUTE is "1", want true or false`},
	} {
		t.Run(name, func(t *testing.T) {
			err := servable(c.f, c.env)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, c.want)
		})
	}
}

func servable(f Function, env map[string]string) error {
	_, err := newPlainFront(f, func(name string) string { return env[name] })
	return err
}

// TestInvokeRunsOnceAtATime checks that a second event is refused while the first one is being
// handled. The platform must see the refusal as a failure.
func TestInvokeRunsOnceAtATime(t *testing.T) {
	for _, onPlatform := range []bool{false, true} {
		started, leave := make(chan struct{}, 2), make(chan struct{})
		base := startPlain(t, Function{Event: func(context.Context, []byte) error {
			started <- struct{}{}
			<-leave
			return nil
		}}, onPlatform)
		ended := make(chan error, 1)
		go func() { ended <- invoke(t.Context(), base) }()
		await(t, started)
		require.EqualError(t, invoke(t.Context(), base),
			`409 404 {"code":"AlreadyRunning","error":"the function is already running: send this again after it has finished"}`)
		close(leave)
		require.NoError(t, await(t, ended))
		require.NoError(t, invoke(t.Context(), base))
	}
}

// TestInvokeOutlivesItsSender checks that an event's handling continues after the sender has
// disconnected. Meanwhile, a second event must be refused.
func TestInvokeOutlivesItsSender(t *testing.T) {
	started, leave, result := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	base := startPlain(t, Function{Event: func(ctx context.Context, _ []byte) error {
		started <- struct{}{}
		<-leave
		result <- ctx.Err()
		return nil
	}}, false)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- invoke(ctx, base) }()
	await(t, started)
	cancel()
	require.ErrorIs(t, await(t, ended), context.Canceled)
	require.ErrorContains(t, invoke(t.Context(), base), "AlreadyRunning")
	close(leave)
	require.NoError(t, await(t, result))
}

// invoke delivers an event with both the token and the platform's header. If the status is not 200,
// it returns an error that consists of the status, the X-Fc-Status header and the body.
func invoke(ctx context.Context, base string) error {
	r, err := http.NewRequestWithContext(ctx, "POST", base+"/invoke", nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer invoke-token")
	r.Header.Set("X-Fc-Control-Path", "/invoke")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		return fmt.Errorf("%d %s %s", response.StatusCode, response.Header.Get("X-Fc-Status"), bytes.TrimSpace(body))
	}
	return err
}

// TestInvokeAfterAPanic checks that an event whose handler panicked does not block later events.
func TestInvokeAfterAPanic(t *testing.T) {
	base := startPlain(t, Function{Event: func(_ context.Context, payload []byte) error {
		if string(payload) == "panic" {
			panic("broken on purpose")
		}
		return nil
	}}, false)
	response, _ := send(t, "POST", base+"/invoke", "panic", "Authorization", "Bearer invoke-token")
	require.Equal(t, http.StatusInternalServerError, response.StatusCode)
	response, _ = send(t, "POST", base+"/invoke", "", "Authorization", "Bearer invoke-token")
	require.Equal(t, http.StatusOK, response.StatusCode)
}

// TestEventsOfHTTPFunctionsAreConcurrent checks that the platform can deliver several events
// concurrently to a function that also serves HTTP, such as the recorder.
func TestEventsOfHTTPFunctionsAreConcurrent(t *testing.T) {
	arrived, leave := make(chan struct{}), make(chan struct{})
	base := startPlain(t, Function{Handler: http.HandlerFunc(readAll), Event: func(context.Context, []byte) error {
		arrived <- struct{}{}
		<-leave
		return nil
	}}, true)
	ended := make(chan error, 2)
	for range 2 {
		go func() { ended <- invoke(t.Context(), base) }()
	}
	await(t, arrived)
	await(t, arrived)
	close(leave)
	require.NoError(t, errors.Join(await(t, ended), await(t, ended)))
}

func TestPlainFailedStart(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	front, err := newPlainFront(Function{Start: func(context.Context) error { return errors.New("no bucket") }}, noEnv)
	require.NoError(t, err)
	require.EqualError(t, front.serve(t.Context(), listener), "start the function: no bucket")
}

// On the platform, a function that cannot start must keep running and respond with 503. If its
// process exited, the platform would send its own error response instead.
func TestFailedStartOnPlatform(t *testing.T) {
	const broken = 3
	var starts atomic.Int32
	f := testFunction(noEnv)
	f.Start = func(context.Context) error {
		if starts.Add(1) <= broken {
			return errors.New("no bucket")
		}
		return nil
	}
	base := startPlain(t, f, true) // the first attempt
	response, body := send(t, "GET", base, "")
	require.Equal(t, http.StatusServiceUnavailable, response.StatusCode)
	require.Equal(t, "1", response.Header.Get("Retry-After"))
	require.NotContains(t, body, "no bucket")
	response, _ = send(t, "POST", base+"/invoke", "good", "X-Fc-Control-Path", "/invoke")
	require.Equal(t, http.StatusNotFound, response.StatusCode)
	require.Equal(t, "404", response.Header.Get("X-Fc-Status"), "the event failed")
	response, _ = send(t, "POST", base+"/invoke", "good", "X-Fc-Control-Path", "/invoke")
	require.Equal(t, http.StatusOK, response.StatusCode)
	response, _ = send(t, "GET", base, "")
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.EqualValues(t, broken+1, starts.Load())
}

// On the platform, the server must receive the whole body before it responds, even if the handler
// does not need it. If the server closed the connection earlier, the platform could lose the
// response.
func TestUnreadBodyOnPlatform(t *testing.T) {
	const length = 4 << 20
	refuse := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		Fail(w, http.StatusRequestEntityTooLarge, "TooLarge", "the body is too long")
	})
	base := startPlain(t, Function{Handler: refuse}, true)
	conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", length, make([]byte, length))
	require.NoError(t, err)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusRequestEntityTooLarge, response.StatusCode)
	require.False(t, response.Close)
}

func TestEventOfAFunctionWithoutEvents(t *testing.T) {
	base := startPlain(t, Function{Handler: http.NotFoundHandler()}, true)
	response, body := send(t, "POST", base+"/invoke", "", "X-Fc-Control-Path", "/invoke")
	require.Equal(t, http.StatusNotFound, response.StatusCode)
	require.Contains(t, body, "InvocationFailed")
}

// Requests that arrive during a call to Start must wait for its result. None of them may call Start
// itself.
func TestRequestsShareAStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const requests = 10
		var starts atomic.Int32
		life := &lifecycle{function: Function{Start: func(context.Context) error {
			time.Sleep(time.Second)
			if starts.Add(1) == 1 {
				return errors.New("no bucket")
			}
			return nil
		}}}
		began := time.Now()
		for attempt, want := range []string{"start the function: no bucket", ""} {
			errs := make(chan error, requests)
			for range requests {
				go func() { errs <- life.start(t.Context()) }()
			}
			for range requests {
				if err := <-errs; want != "" {
					require.EqualError(t, err, want)
				} else {
					require.NoError(t, err)
				}
			}
			require.EqualValues(t, attempt+1, starts.Load())
			require.Equal(t, time.Duration(attempt+1)*time.Second, time.Since(began))
		}
	})
}

// One request calls Start while others wait for the result. If the client of the first request
// disconnects, the others must not fail. One of them must call Start again.
func TestStartOfACanceledRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var starts atomic.Int32
		life := &lifecycle{function: Function{Start: func(ctx context.Context) error {
			starts.Add(1)
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Second):
				return nil
			}
		}}}
		ctx, cancel := context.WithCancel(t.Context())
		canceled, waiting := make(chan error, 1), make(chan error, 2)
		go func() { canceled <- life.start(ctx) }()
		synctest.Wait()
		for range cap(waiting) {
			go func() { waiting <- life.start(t.Context()) }()
		}
		synctest.Wait()
		cancel()
		require.ErrorIs(t, <-canceled, context.Canceled)
		require.NoError(t, <-waiting)
		require.NoError(t, <-waiting)
		require.EqualValues(t, 2, starts.Load())
	})
}

// A request must not wait for Start longer than its own time limit. A panic in Start must not block
// later requests.
func TestWaitingForAStartEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		life := &lifecycle{function: Function{Start: func(context.Context) error {
			time.Sleep(time.Minute)
			panic("broken on purpose")
		}}}
		waiting := make(chan error, 1)
		for range 2 {
			go func() {
				defer func() { recover() }()
				life.start(t.Context())
			}()
			synctest.Wait()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			require.ErrorIs(t, life.start(ctx), context.DeadlineExceeded)
			cancel()
			go func() { waiting <- life.start(t.Context()) }()
			require.EqualError(t, <-waiting, "start the function: it panicked")
		}
	})
}

// On the platform, a request must get its response before the platform's timeout.
func TestTimeLimitOfARequest(t *testing.T) {
	for _, c := range []struct {
		onPlatform bool
		timeout    string
		want       time.Duration
	}{
		{true, "15", 14500 * time.Millisecond},
		{true, "1", 900 * time.Millisecond},
		{true, "300", responseLimit},
		{true, "", responseLimit},
		{true, "-1", responseLimit},
		{true, "soon", responseLimit},
		{false, "15", responseLimit},
	} {
		front := plainFront{onPlatform: c.onPlatform}
		r := &http.Request{Header: http.Header{"X-Fc-Function-Timeout": {c.timeout}}}
		require.Equal(t, c.want, front.limit(r), "%+v", c)
	}
}

func TestPlainFailsToListenOrStop(t *testing.T) {
	front, err := newPlainFront(Function{Stop: func(context.Context) error { return errors.New("still busy") }}, noEnv)
	require.NoError(t, err)
	listener := newPipes()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.EqualError(t, front.serve(ctx, listener), "stop the function: still busy")
	require.EqualError(t, front.serve(t.Context(), listener), "serve: "+net.ErrClosed.Error())
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

// TestOnlyTheSettingMeansThePlatform checks that only BEHIND_FUNCTION_COMPUTE counts. The
// environment variables that the platform sets do not, because they may be set on any machine.
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

// TestPlainBinaryFails checks that a process that cannot serve exits with status 1 and logs why.
func TestPlainBinaryFails(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	for setting, want := range map[string]string{
		"MISWIRED=1": "MISWIRED is set", "PORT=x": "listen tcp", "BEHIND_FUNCTION_COMPUTE=yes": "want true or false",
	} {
		child := exec.CommandContext(t.Context(), self)
		child.Env = append(os.Environ(), "SERVE_TEST_FUNCTION=1", "FC_RUNTIME_API=", "HOST=", "PORT=0", "BEHIND_FUNCTION_COMPUTE=", setting)
		output, err := child.CombinedOutput()
		require.EqualError(t, err, "exit status 1", setting)
		require.Contains(t, string(output), want)
	}
}

// TestMiswiredBinaryOnPlatform checks that a process with an invalid configuration responds with 503
// if it runs behind Function Compute.
func TestMiswiredBinaryOnPlatform(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	child := exec.CommandContext(t.Context(), self)
	child.Env = append(os.Environ(), "SERVE_TEST_FUNCTION=1", "FC_RUNTIME_API=", "BEHIND_FUNCTION_COMPUTE=true", "HOST=127.0.0.1", "PORT=0", "MISWIRED=1")
	stderr, err := child.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	lines := bufio.NewReader(stderr)
	failed, err := lines.ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, failed, "MISWIRED is set")
	var listening struct{ Address string }
	line, err := lines.ReadBytes('\n')
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(line, &listening), string(line))
	response, _ := send(t, "GET", "http://"+listening.Address, "")
	require.Equal(t, http.StatusServiceUnavailable, response.StatusCode)
	http.DefaultClient.CloseIdleConnections()
	require.NoError(t, child.Process.Signal(syscall.SIGTERM))
	require.NoError(t, child.Wait())
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
	require.Equal(t, "/pre-stop", decode(t, body).Path, "the request must reach the handler, not stop the function")
	require.NoError(t, child.Process.Signal(syscall.SIGTERM))
	require.NoError(t, child.Wait())
	require.Equal(t, "stopping 1\n", stdout.String())
}
