package fc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/syaml"
)

// oneServer is like one, but the function runs in a custom runtime. A process handles the given
// number of calls at the same time.
func oneServer(t *testing.T, perInstance int, change func(*syaml.Function, *Config)) *Host {
	t.Helper()
	return one(t, func(f *syaml.Function, c *Config) {
		*f = asServer(*f, perInstance)
		if change != nil {
			change(f, c)
		}
	})
}

func asServer(f syaml.Function, perInstance int) syaml.Function {
	f.Runtime, f.Handler, f.PerInstance = "custom.debian12", "", perInstance
	f.Server = &syaml.Server{Command: []string{"/code/main"}, Port: 9000}
	return withRoute(f, "/*")
}

// atOnce makes the given number of identical calls at the same time, and returns the ids of the
// processes that served them.
func atOnce(t *testing.T, host *Host, calls int, do, url string) []string {
	t.Helper()
	pids, faults := make([]string, calls), make([]error, calls)
	var running sync.WaitGroup
	for i := range calls {
		running.Go(func() {
			pid, err := host.Invoke(t.Context(), "recorder", order(do, url))
			pids[i], faults[i] = string(pid), err
		})
	}
	running.Wait()
	require.NoError(t, errors.Join(faults...))
	slices.Sort(pids)
	return slices.Compact(pids)
}

// No call returns before all have begun. No process may be running before the first call, so that
// the calls also share the start of the process.
func TestServerHandlesSeveralCallsAtOnce(t *testing.T) {
	const calls = 20
	barrier := newBarrier(t, calls)
	host := oneServer(t, calls, nil)
	require.Empty(t, processes(host, "recorder"), "no process starts before the first call")
	require.Len(t, atOnce(t, host, calls, "get", barrier.URL), 1)
	require.Len(t, processes(host, "recorder"), 1)
}

// Another process must start only when all running processes are full.
func TestFullServersGetHelp(t *testing.T) {
	barrier := newBarrier(t, 5)
	host := oneServer(t, 2, nil)
	require.Len(t, atOnce(t, host, 5, "get", barrier.URL), 3)
	pids := atOnce(t, host, 2, "", "")
	require.Len(t, pids, 1, "two calls fit into the oldest process")
	require.Len(t, processes(host, "recorder"), 3)
}

func TestMoreCallsThanServersCanHandle(t *testing.T) {
	barrier := newBarrier(t, 3)
	host := oneServer(t, 2, func(f *syaml.Function, c *Config) { f.Concurrency.Reserved, c.QueueWait = 1, 1 })
	first, second := hold(t, host, barrier), hold(t, host, barrier)
	_, fault := obeyed(t, host, "")
	require.NotNil(t, fault)
	require.Equal(t, http.StatusTooManyRequests, fault.Status)
	_, err := http.Get(barrier.URL)
	require.NoError(t, err)
	require.NoError(t, await(t, first))
	require.NoError(t, await(t, second))
}

// If a process dies, all its calls must fail, and the next call must get another process.
func TestServerThatDies(t *testing.T) {
	barrier := newBarrier(t, 2)
	host := oneServer(t, 2, nil)
	before, fault := obeyed(t, host, "")
	require.Nil(t, fault)
	other := hold(t, host, barrier)
	_, fault = obeyed(t, host, "exit")
	require.Equal(t, "ProcessExited", fault.Code)
	require.Equal(t, http.StatusBadGateway, fault.Status)
	require.Contains(t, fault.Message, `exit status 7; its last line was "going away"`)
	require.ErrorContains(t, await(t, other), "ProcessExited")
	after, fault := obeyed(t, host, "")
	require.Nil(t, fault)
	require.NotEqual(t, before, after)
}

// A call that takes too long must fail. Its process must finish the other call and then end.
func TestLateServerFinishesItsOtherCalls(t *testing.T) {
	barrier := newBarrier(t, 2)
	host := oneServer(t, 2, nil)
	before, fault := obeyed(t, host, "")
	require.Nil(t, fault)
	other := hold(t, host, barrier)
	host.pools[0].function.Seconds = 1
	w := httptest.NewRecorder()
	host.ServeHTTP(w, httptest.NewRequest("GET", "/webhooks/wait", nil))
	require.Equal(t, http.StatusGatewayTimeout, w.Code)
	require.Contains(t, w.Body.String(), "FunctionTimeout")

	host.pools[0].function.Seconds = 60
	require.False(t, gone(before))
	after, fault := obeyed(t, host, "")
	require.Nil(t, fault)
	require.NotEqual(t, before, after, "the process gets no more calls")
	_, err := http.Get(barrier.URL)
	require.NoError(t, err)
	require.NoError(t, await(t, other))
	require.True(t, gone(before))
}

// The server must notice that a caller has disconnected, and must keep running.
func TestServerSeesThatItsCallerHasGone(t *testing.T) {
	journal := filepath.Join(t.TempDir(), "journal")
	host := oneServer(t, 2, func(f *syaml.Function, _ *Config) { f.Environment["JOURNAL"] = journal })
	before, fault := obeyed(t, host, "")
	require.Nil(t, fault)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		host.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/webhooks/wait", nil))
	}()
	awaitJournal(t, journal, "waiting")
	cancel()
	await(t, ended)
	awaitJournal(t, journal, "canceled")
	after, fault := obeyed(t, host, "")
	require.Nil(t, fault)
	require.Equal(t, before, after)
}

func awaitJournal(t *testing.T, journal, line string) {
	t.Helper()
	require.Eventually(t, func() bool {
		lines, _ := os.ReadFile(journal)
		return slices.Contains(strings.Split(string(lines), "\n"), line)
	}, patience, 5*time.Millisecond)
}

func TestServerThatDoesNotListen(t *testing.T) {
	host := oneServer(t, 2, func(f *syaml.Function, _ *Config) { f.Environment["DEAF"], f.Seconds = "yes", 1 })
	_, fault := obeyed(t, host, "")
	require.Equal(t, "FunctionNotStarted", fault.Code)
	require.Equal(t, http.StatusBadGateway, fault.Status)
	require.Regexp(t, `^the function's process did not listen on 127\.0\.0\.1:\d+ \(FC_CUSTOM_LISTEN_PORT\) within 1s; it was killed$`, fault.Message)
	require.Empty(t, processes(host, "recorder"))

	host = oneServer(t, 2, func(f *syaml.Function, _ *Config) { f.Environment["BROKEN"] = "yes" })
	_, fault = obeyed(t, host, "")
	require.Equal(t, "ProcessExited", fault.Code)
	require.Contains(t, fault.Message, `exit status 3; its last line was "BROKEN is set"`)
	require.Empty(t, processes(host, "recorder"))
}

func TestServersOwnFaults(t *testing.T) {
	host := oneServer(t, 2, nil)
	before, fault := obeyed(t, host, "")
	require.Nil(t, fault)
	for do, want := range map[string]string{
		"fail":  "UnhandledInvocationError: as ordered",
		"panic": "BadResponse: the function's response did not arrive",
		"large": "BadResponse: the function's response is longer than 6 MB",
	} {
		_, fault := obeyed(t, host, do)
		require.ErrorContains(t, fault, want)
	}
	w := httptest.NewRecorder()
	host.ServeHTTP(w, httptest.NewRequest("GET", "/webhooks/abort", nil))
	require.Equal(t, http.StatusBadGateway, w.Code)
	after, fault := obeyed(t, host, "")
	require.Nil(t, fault)
	require.Equal(t, before, after)
}

// Requests and responses must pass through unchanged, except for the headers that belong to the
// platform.
func TestRequestReachesTheServer(t *testing.T) {
	host := oneServer(t, 2, func(f *syaml.Function, c *Config) {
		f.Environment["HOST"] = "0.0.0.0"
		c.Credentials = func() Credentials { return Credentials{"id", "secret", "token"} }
	})
	public := httptest.NewServer(host)
	t.Cleanup(public.Close)
	response, body := send(t, "POST", public.URL+"/webhooks/a%20b%2Fc?n=1&n=2&client=x%26y", []byte(`{"a":1}`), http.Header{
		"X-Twice": {"a", "b"}, "X-Fc-Control-Path": {"/pre-stop"}, "X-Fc-Request-Id": {"mine"}, "Keep-Alive": {"no"}, "User-Agent": {"test"},
	})
	require.Equal(t, http.StatusOK, response.StatusCode)
	var got received
	require.NoError(t, json.Unmarshal([]byte(body), &got))
	require.Equal(t, "POST", got.Method)
	require.Equal(t, "/webhooks/a%20b%2Fc?n=1&n=2&client=x%26y", got.Target)
	require.Equal(t, strings.TrimPrefix(public.URL, "http://"), got.Host)
	require.Equal(t, `{"a":1}`, got.Body)
	require.Equal(t, []string{"a", "b"}, got.Header["X-Twice"])
	require.Equal(t, "test", got.Header.Get("User-Agent"))
	require.Empty(t, got.Header.Get("Keep-Alive"))
	for name, want := range map[string]string{
		"X-Fc-Control-Path": "/http-invoke", "X-Fc-Request-Id": response.Header.Get("X-Fc-Request-Id"), "X-Fc-Function-Timeout": "60",
		"X-Fc-Access-Key-Id": "id", "X-Fc-Access-Key-Secret": "secret", "X-Fc-Security-Token": "token",
	} {
		require.Equal(t, []string{want}, got.Header[name], name)
	}
	require.Contains(t, got.Environ, "HOST=127.0.0.1", "other machines must not reach the process")
	require.NotContains(t, strings.Join(got.Environ, "\n"), "FC_RUNTIME_API")

	binary := []byte{0, 0xff, 'a', 0xfe}
	response, body = send(t, "POST", public.URL+"/webhooks/echo", binary, nil)
	require.Equal(t, http.StatusCreated, response.StatusCode)
	require.Equal(t, string(binary), body)
	require.Equal(t, []string{"a", "b"}, response.Header["X-Mine"])
	require.Empty(t, response.Header.Get("X-Fc-Mine"))
	require.Empty(t, response.Header.Get("Content-Disposition"))
}

func TestEventsAndHooksReachTheServer(t *testing.T) {
	journal := filepath.Join(t.TempDir(), "journal")
	host := oneServer(t, 2, func(f *syaml.Function, _ *Config) { f.Environment["JOURNAL"] = journal })
	pid, fault := obeyed(t, host, "")
	require.Nil(t, fault)
	status, err := host.Head(t.Context(), "recorder")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)
	require.NoError(t, host.Stop(t.Context()))
	lines, err := os.ReadFile(journal)
	require.NoError(t, err)
	require.Equal(t, "invoke\npreStop\n", string(lines))
	require.True(t, gone(pid))
}

// If a process exceeds its memory limit, all its calls must fail, and the host must report it once.
func TestMemoryOfCallsAtOnce(t *testing.T) {
	needsProc(t)
	barrier, output := newBarrier(t, 3), &bytes.Buffer{}
	host := oneServer(t, 2, func(f *syaml.Function, c *Config) { f.MemoryMB, c.Output = 192, output })
	faults := make([]error, 2)
	var running sync.WaitGroup
	for i := range faults { // each needs less than the limit, but both together exceed it
		running.Go(func() { _, faults[i] = host.Invoke(t.Context(), "recorder", useOrder(100, barrier.URL)) })
	}
	running.Wait()
	for _, err := range faults {
		requireExceeded(t, err)
	}
	_, err := host.Invoke(t.Context(), "recorder", useOrder(100, ""))
	require.NoError(t, err)
	require.NoError(t, host.Stop(t.Context()))
	require.Equal(t, 1, strings.Count(output.String(), exceededLine), output)
}

// Memory that a finished call has freed must count until the process is idle, and no longer.
func TestMeasurementEndsWhenTheServerIsIdle(t *testing.T) {
	needsProc(t)
	m := memory{limit: 1 << 40}
	var err error
	m.meter, err = openMeter("/proc", os.Getpid())
	require.NoError(t, err)
	t.Cleanup(m.meter.close)
	m.begin()
	m.begin()
	require.NoError(t, useMemory(instruction{Megabytes: 100}))
	m.end()
	high := m.peak()
	m.begin()
	m.end()
	require.GreaterOrEqual(t, m.peak(), high, "a call is still running")
	m.end()
	m.begin()
	m.end()
	require.Less(t, m.peak(), high-50<<20)
}
