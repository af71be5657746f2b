package fc

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/syaml"
)

func TestProcessIsUsedAgain(t *testing.T) {
	host := one(t, nil)
	require.Empty(t, processes(host, "recorder"), "no process starts before the first call")
	first, fault := obeyed(t, host, "")
	require.Nil(t, fault)
	second, fault := obeyed(t, host, "")
	require.Nil(t, fault)
	require.Equal(t, first, second)
	require.Equal(t, []int{first}, processes(host, "recorder"))
}

func TestFaultsOfAFunction(t *testing.T) {
	tests := []struct {
		do, code, message string
		status            int
		survives          bool
	}{
		{"fail", "UnhandledInvocationError", "as ordered", 502, true},
		{"panic", "UnhandledInvocationError", "as ordered", 502, true},
		{"exit", "ProcessExited", `exit status 7; its last line was "going away"`, 502, false},
		{"large", "BadResponse", "longer than 6 MB", 502, true},
	}
	for _, test := range tests {
		t.Run(test.do, func(t *testing.T) {
			host := one(t, nil)
			before, fault := obeyed(t, host, "")
			require.Nil(t, fault)
			_, fault = obeyed(t, host, test.do)
			require.NotNil(t, fault)
			require.Equal(t, test.code, fault.Code)
			require.Equal(t, test.status, fault.Status)
			require.Contains(t, fault.Message, test.message)
			require.NotEmpty(t, fault.RequestID)
			after, fault := obeyed(t, host, "")
			require.Nil(t, fault)
			require.Equal(t, test.survives, before == after)
		})
	}
}

func TestLateProcessIsKilled(t *testing.T) {
	barrier := newBarrier(t, 2)
	host := one(t, nil)
	before, fault := obeyed(t, host, "")
	require.Nil(t, fault)
	// Reduce the time limit only now, because the first call may take longer than a second on a
	// busy machine.
	host.pools[0].function.Seconds = 1
	_, err := host.Invoke(t.Context(), "recorder", order("get", barrier.URL))
	require.ErrorAs(t, err, &fault)
	require.Equal(t, "FunctionTimeout", fault.Code)
	require.Equal(t, http.StatusGatewayTimeout, fault.Status)
	require.NotContains(t, processes(host, "recorder"), before)
	require.True(t, gone(before))
}

func TestCallerThatGoesAwayEndsTheProcess(t *testing.T) {
	barrier := newBarrier(t, 2)
	host := one(t, nil)
	before, fault := obeyed(t, host, "")
	require.Nil(t, fault)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer cancel()
		select {
		case <-barrier.arrived:
		case <-time.After(patience):
		}
	}()
	_, err := host.Invoke(ctx, "recorder", order("get", barrier.URL))
	require.ErrorAs(t, err, &fault)
	require.Equal(t, "InvocationCanceled", fault.Code)
	require.True(t, gone(before))
	after, fault := obeyed(t, host, "")
	require.Nil(t, fault)
	require.NotEqual(t, before, after)
}

// If a process is killed between calls, the next call must still succeed.
func TestKilledProcessIsReplaced(t *testing.T) {
	host := one(t, nil)
	for range 3 {
		before, fault := obeyed(t, host, "")
		require.Nil(t, fault)
		process := host.pools[0].processes[0]
		require.NoError(t, syscall.Kill(before, syscall.SIGKILL))
		await(t, process.exited)
		require.Empty(t, processes(host, "recorder"))
		after, fault := obeyed(t, host, "")
		require.Nil(t, fault)
		require.NotEqual(t, before, after)
	}
}

// No call returns before all calls have begun, so each call needs its own process.
func TestConcurrentCalls(t *testing.T) {
	const calls = 3
	barrier := newBarrier(t, calls)
	host := one(t, nil)
	pids, faults := make([]string, calls), make([]error, calls)
	var running sync.WaitGroup
	for i := range calls {
		running.Go(func() {
			pid, err := host.Invoke(t.Context(), "recorder", order("get", barrier.URL))
			pids[i], faults[i] = string(pid), err
		})
	}
	running.Wait()
	require.NoError(t, errors.Join(faults...))
	slices.Sort(pids)
	require.Len(t, slices.Compact(pids), calls)
	require.Len(t, processes(host, "recorder"), calls)
}

func TestMoreCallsThanProcesses(t *testing.T) {
	barrier := newBarrier(t, 2)
	host := one(t, func(f *syaml.Function, c *Config) {
		f.Concurrency.Reserved = 1
		c.QueueWait = time.Millisecond
	})
	first := hold(t, host, barrier)
	_, fault := obeyed(t, host, "")
	require.NotNil(t, fault)
	require.Equal(t, http.StatusTooManyRequests, fault.Status)
	require.Equal(t, "ResourceExhausted", fault.Code)
	_, err := http.Get(barrier.URL) // the barrier responds only after this second request
	require.NoError(t, err)
	require.NoError(t, await(t, first))
}

// A call that finds a free process does not wait, so it must succeed even with the
// shortest QueueWait.
func TestFreeProcessTakesTheCall(t *testing.T) {
	host := one(t, func(_ *syaml.Function, c *Config) { c.QueueWait = time.Nanosecond })
	for range 200 {
		_, fault := obeyed(t, host, "")
		require.Nil(t, fault)
	}
}

func TestQueuedCallsAreAllAnswered(t *testing.T) {
	host := one(t, func(f *syaml.Function, c *Config) { f.Concurrency.Reserved, c.QueueWait = 2, time.Minute })
	faults := make([]error, 40)
	var running sync.WaitGroup
	for i := range faults {
		running.Go(func() { _, faults[i] = host.Invoke(t.Context(), "recorder", order("", "")) })
	}
	running.Wait()
	require.NoError(t, errors.Join(faults...))
	require.LessOrEqual(t, len(processes(host, "recorder")), 2)
}

func TestOrderOfCalls(t *testing.T) {
	journal := filepath.Join(t.TempDir(), "journal")
	function := testFunction("recorder")
	function.Environment["JOURNAL"] = journal
	host, err := New(Config{Functions: []syaml.Function{function}})
	require.NoError(t, err)
	obeyed(t, host, "")
	pid, _ := obeyed(t, host, "")
	require.NoError(t, host.Stop(t.Context()))
	lines, err := os.ReadFile(journal)
	require.NoError(t, err)
	require.Equal(t, "invoke\ninvoke\npreStop\n", string(lines))
	require.True(t, gone(pid))
	_, fault := obeyed(t, host, "")
	require.Equal(t, http.StatusServiceUnavailable, fault.Status)
}

// A process must finish its running call before it gets its preStop call.
func TestStopWaitsForCalls(t *testing.T) {
	barrier := newBarrier(t, 2)
	journal := filepath.Join(t.TempDir(), "journal")
	host := one(t, func(f *syaml.Function, _ *Config) { f.Environment["JOURNAL"] = journal })
	first, stopped := hold(t, host, barrier), make(chan error, 1)
	go func() { stopped <- host.Stop(t.Context()) }()
	await(t, host.pools[0].closed)
	_, err := http.Get(barrier.URL)
	require.NoError(t, err)
	require.NoError(t, await(t, first))
	require.NoError(t, await(t, stopped))
	lines, err := os.ReadFile(journal)
	require.NoError(t, err)
	require.Equal(t, "invoke\npreStop\n", string(lines))
}

func TestStopKillsRunningCallsWhenItsContextEnds(t *testing.T) {
	barrier := newBarrier(t, 2)
	host := one(t, nil)
	first := make(chan error, 1)
	go func() {
		_, err := host.Invoke(context.Background(), "recorder", order("get", barrier.URL))
		first <- err
	}()
	await(t, barrier.arrived)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, host.Stop(ctx))
	require.ErrorContains(t, await(t, first), "ProcessExited")
}

func TestProcessThatCannotStart(t *testing.T) {
	host := one(t, func(f *syaml.Function, _ *Config) { f.Environment["BROKEN"] = "yes" })
	_, fault := obeyed(t, host, "")
	require.Equal(t, "ProcessExited", fault.Code)
	require.Contains(t, fault.Message, `exit status 3; its last line was "BROKEN is set"`)
	require.Empty(t, processes(host, "recorder"))

	host = one(t, func(f *syaml.Function, _ *Config) { f.Handler = "absent" })
	_, fault = obeyed(t, host, "")
	require.Equal(t, "FunctionNotStarted", fault.Code)
}

func TestUnknownFunctionAndRuntime(t *testing.T) {
	host := one(t, nil)
	_, err := host.Invoke(t.Context(), "other", nil)
	require.ErrorContains(t, err, `no function "other"`)
	function := testFunction("x")
	function.Runtime = "custom"
	_, err = New(Config{Functions: []syaml.Function{function}})
	require.ErrorContains(t, err, `runtime is "custom" without customRuntimeConfig`)
}

func TestContextAndEnvironmentOfAFunction(t *testing.T) {
	var calls atomic.Int32
	t.Setenv("FC_TEST_SECRET", "secret of the host")
	host := one(t, func(_ *syaml.Function, c *Config) {
		c.Environment = map[string]string{"OTHER": "overridden", "UNASKED": "x"}
		c.Credentials = func() Credentials {
			return Credentials{"id", "secret", "token-" + strconv.Itoa(int(calls.Add(1)))}
		}
	})
	var tokens []string
	for range 2 {
		response, err := host.Invoke(t.Context(), "recorder", order("context", ""))
		require.NoError(t, err)
		var got struct {
			Context struct {
				RequestID   string
				Region      string
				AccountId   string
				Credentials struct{ AccessKeyId, AccessKeySecret, SecurityToken string }
				Function    struct {
					Name, Handler, Memory string
					Timeout               int
				}
			}
			Deadline int64
			Environ  []string
		}
		require.NoError(t, json.Unmarshal(response, &got))
		require.NotEmpty(t, got.Context.RequestID)
		require.Equal(t, "cn-hangzhou", got.Context.Region)
		require.NotEmpty(t, got.Context.AccountId)
		require.Equal(t, "test-recorder", got.Context.Function.Name)
		require.Equal(t, "main", got.Context.Function.Handler)
		require.Equal(t, "512", got.Context.Function.Memory)
		require.Equal(t, 60, got.Context.Function.Timeout)
		require.InDelta(t, time.Now().Add(time.Minute).UnixMilli(), got.Deadline, 30_000)
		require.Equal(t, "id", got.Context.Credentials.AccessKeyId)
		require.Equal(t, "secret", got.Context.Credentials.AccessKeySecret)
		tokens = append(tokens, got.Context.Credentials.SecurityToken)
		require.Subset(t, got.Environ, []string{
			"OWN=variable", "OTHER=overridden", "FC_REGION=cn-hangzhou", "FC_FUNCTION_NAME=test-recorder",
			"FC_FUNCTION_HANDLER=main", "FC_FUNCTION_MEMORY_SIZE=512", "FC_FUNC_CODE_PATH=" + binaries,
			"ALIBABA_CLOUD_ACCESS_KEY_ID=id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET=secret", "ALIBABA_CLOUD_SECURITY_TOKEN=token-1",
		})
		require.NotContains(t, strings.Join(got.Environ, "\n"), "FC_TEST_SECRET")
		require.NotContains(t, strings.Join(got.Environ, "\n"), "UNASKED")
	}
	require.NotEqual(t, tokens[0], tokens[1], "each call carries its own keys")
}

func TestOutputIsPrefixedAndWhole(t *testing.T) {
	var output bytes.Buffer
	host := one(t, func(_ *syaml.Function, c *Config) { c.Output = &output })
	obeyed(t, host, "exit")
	require.NoError(t, host.Stop(t.Context()))
	lines := strings.Split(strings.TrimSuffix(output.String(), "\n"), "\n")
	require.Contains(t, lines, "recorder | going away")
	for _, line := range lines {
		require.True(t, strings.HasPrefix(line, "recorder | "), line)
	}
}

// TestProcessesDieWithTheHost kills a host, so that it cannot stop its processes itself. The
// processes must exit all the same.
func TestProcessesDieWithTheHost(t *testing.T) {
	host := exec.Command(os.Args[0])
	host.Env = append(os.Environ(), "FC_TEST_HOST="+binaries)
	host.Stderr = os.Stderr
	input, err := host.StdinPipe()
	require.NoError(t, err)
	defer input.Close()
	output, err := host.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, host.Start())
	line, err := bufio.NewReader(output).ReadString('\n')
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	require.NoError(t, err)
	require.False(t, gone(pid))

	require.NoError(t, host.Process.Kill())
	host.Wait()
	require.Eventually(t, func() bool { return gone(pid) }, patience, 5*time.Millisecond)
}

// gone reports whether a process has exited. A zombie counts as exited.
func gone(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return true
	}
	state, err := exec.Command("ps", "-o", "state=", "-p", strconv.Itoa(pid)).Output()
	return err != nil || strings.HasPrefix(strings.TrimSpace(string(state)), "Z")
}

// patience limits how long a test waits for an event that must happen.
const patience = time.Minute

// await returns the next value from a channel. If none arrives in time, the test fails.
func await[T any](t *testing.T, values <-chan T) (value T) {
	t.Helper()
	select {
	case value = <-values:
	case <-time.After(patience):
		require.FailNow(t, "nothing arrives on the channel")
	}
	return value
}

// hold starts a call that lasts until the barrier responds, and waits until the call has reached the
// barrier. The channel gets the result of the call.
func hold(t *testing.T, host *Host, b *barrier) <-chan error {
	t.Helper()
	ended := make(chan error, 1)
	go func() {
		_, err := host.Invoke(t.Context(), "recorder", order("get", b.URL))
		ended <- err
	}()
	await(t, b.arrived)
	return ended
}

// barrier is a server that responds only once a given number of requests has arrived.
type barrier struct {
	URL     string
	arrived chan struct{} // gets one value for each request
}

func newBarrier(t *testing.T, parties int) *barrier {
	b := &barrier{arrived: make(chan struct{}, parties)}
	open := make(chan struct{})
	var missing atomic.Int32
	missing.Store(int32(parties))
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b.arrived <- struct{}{}
		if missing.Add(-1) == 0 {
			close(open)
		}
		select {
		case <-open:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(server.Close)
	b.URL = server.URL
	return b
}

func TestAsynchronousCallsAreRetried(t *testing.T) {
	journal := filepath.Join(t.TempDir(), "journal")
	barrier := newBarrier(t, 1)
	retries := 2
	host := one(t, func(f *syaml.Function, c *Config) {
		f.Async.Retries = &retries
		f.Environment["JOURNAL"] = journal
		c.RetryWait = time.Millisecond
	})
	host.invokeAsync(host.pools[0], order("fail", ""))
	host.invokeAsync(host.pools[0], order("get", barrier.URL))
	await(t, barrier.arrived)
	require.Eventually(t, func() bool {
		lines, _ := os.ReadFile(journal)
		return strings.Count(string(lines), "invoke") == 1+retries+1
	}, patience, 5*time.Millisecond)
	require.NoError(t, host.Stop(t.Context()))
	lines, err := os.ReadFile(journal)
	require.NoError(t, err)
	require.Equal(t, 1+retries+1, strings.Count(string(lines), "invoke"))
	require.Contains(t, strings.Split(string(lines), "\n"), "preStop")
}
