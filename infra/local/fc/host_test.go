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
	require.Empty(t, host.Processes("recorder"), "nothing starts before it is needed")
	first, fault := tell(t, host, "")
	require.Nil(t, fault)
	second, fault := tell(t, host, "")
	require.Nil(t, fault)
	require.Equal(t, first, second)
	require.Equal(t, []int{first}, host.Processes("recorder"))
}

func TestFaultsOfAFunction(t *testing.T) {
	tests := []struct {
		do, code, message string
		status            int
		survives          bool
	}{
		{"fail", "UnhandledInvocationError", "as told", 502, true},
		{"panic", "UnhandledInvocationError", "as told", 502, true},
		{"exit", "ProcessExited", `exit status 7; its last line was "going away"`, 502, false},
		{"large", "BadResponse", "longer than 6 MB", 502, true},
	}
	for _, test := range tests {
		t.Run(test.do, func(t *testing.T) {
			host := one(t, nil)
			before, fault := tell(t, host, "")
			require.Nil(t, fault)
			_, fault = tell(t, host, test.do)
			require.NotNil(t, fault)
			require.Equal(t, test.code, fault.Code)
			require.Equal(t, test.status, fault.Status)
			require.Contains(t, fault.Message, test.message)
			require.NotEmpty(t, fault.RequestID)
			after, fault := tell(t, host, "")
			require.Nil(t, fault)
			require.Equal(t, test.survives, before == after)
		})
	}
}

func TestLateProcessIsKilled(t *testing.T) {
	barrier := newBarrier(t, 2)
	host := one(t, nil)
	before, fault := tell(t, host, "")
	require.Nil(t, fault)
	host.pools[0].function.Seconds = 1 // a busy machine may need more for the first call
	_, err := host.Invoke(t.Context(), "recorder", order("get", barrier.URL))
	require.ErrorAs(t, err, &fault)
	require.Equal(t, "FunctionTimeout", fault.Code)
	require.Equal(t, http.StatusGatewayTimeout, fault.Status)
	require.NotContains(t, host.Processes("recorder"), before)
	require.True(t, gone(before))
}

func TestCallerThatGoesAwayEndsTheProcess(t *testing.T) {
	barrier := newBarrier(t, 2)
	host := one(t, nil)
	before, fault := tell(t, host, "")
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
	after, fault := tell(t, host, "")
	require.Nil(t, fault)
	require.NotEqual(t, before, after)
}

// TestKilledProcessIsReplaced: whoever calls next does not notice.
func TestKilledProcessIsReplaced(t *testing.T) {
	host := one(t, nil)
	for range 3 {
		before, fault := tell(t, host, "")
		require.Nil(t, fault)
		process := host.pools[0].idle[0]
		require.NoError(t, syscall.Kill(before, syscall.SIGKILL))
		await(t, process.exited)
		require.Empty(t, host.Processes("recorder"))
		after, fault := tell(t, host, "")
		require.Nil(t, fault)
		require.NotEqual(t, before, after)
	}
}

// TestCallsAtTheSameTime: no call ends before all have begun, so each has a process.
func TestCallsAtTheSameTime(t *testing.T) {
	const calls = 3
	barrier := newBarrier(t, calls)
	host := one(t, func(_ *syaml.Function, c *Config) { c.MaxProcesses = calls })
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
	require.Len(t, host.Processes("recorder"), calls)
}

func TestMoreCallsThanProcesses(t *testing.T) {
	barrier := newBarrier(t, 2)
	host := one(t, func(f *syaml.Function, c *Config) {
		f.Concurrency.Reserved = 1
		c.QueueWait = time.Millisecond
	})
	first := make(chan error, 1)
	go func() {
		_, err := host.Invoke(t.Context(), "recorder", order("get", barrier.URL))
		first <- err
	}()
	await(t, barrier.arrived)
	_, fault := tell(t, host, "")
	require.NotNil(t, fault)
	require.Equal(t, http.StatusTooManyRequests, fault.Status)
	require.Equal(t, "ResourceExhausted", fault.Code)
	_, err := http.Get(barrier.URL) // lets the first go
	require.NoError(t, err)
	require.NoError(t, await(t, first))
}

// TestFreeProcessTakesTheCall: it never waited, however short it may.
func TestFreeProcessTakesTheCall(t *testing.T) {
	host := one(t, func(_ *syaml.Function, c *Config) { c.QueueWait = time.Nanosecond })
	for range 200 {
		_, fault := tell(t, host, "")
		require.Nil(t, fault)
	}
}

func TestQueuedCallsAreAllAnswered(t *testing.T) {
	host := one(t, func(_ *syaml.Function, c *Config) { c.MaxProcesses, c.QueueWait = 2, time.Minute })
	faults := make([]error, 40)
	var running sync.WaitGroup
	for i := range faults {
		running.Go(func() { _, faults[i] = host.Invoke(t.Context(), "recorder", order("", "")) })
	}
	running.Wait()
	require.NoError(t, errors.Join(faults...))
	require.LessOrEqual(t, len(host.Processes("recorder")), 2)
}

func TestOrderOfALife(t *testing.T) {
	for _, freeze := range []bool{false, true} {
		t.Run("freeze="+strconv.FormatBool(freeze), func(t *testing.T) {
			journal := filepath.Join(t.TempDir(), "journal")
			function := testFunction("recorder")
			function.Environment["JOURNAL"] = journal
			host, err := New(Config{Functions: []syaml.Function{function}, Freeze: freeze})
			require.NoError(t, err)
			require.NoError(t, host.Warm(t.Context()))
			tell(t, host, "")
			pid, _ := tell(t, host, "")
			require.NoError(t, host.Stop(t.Context()))
			lines, err := os.ReadFile(journal)
			require.NoError(t, err)
			require.Equal(t, "initialize\ninvoke\ninvoke\npreStop\n", string(lines))
			require.True(t, gone(pid))
			_, fault := tell(t, host, "")
			require.Equal(t, http.StatusServiceUnavailable, fault.Status)
		})
	}
}

// TestStopWaitsForCalls: a call that runs is answered, then its process gets preStop.
func TestStopWaitsForCalls(t *testing.T) {
	barrier := newBarrier(t, 2)
	journal := filepath.Join(t.TempDir(), "journal")
	host := one(t, func(f *syaml.Function, _ *Config) { f.Environment["JOURNAL"] = journal })
	first, stopped := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := host.Invoke(t.Context(), "recorder", order("get", barrier.URL))
		first <- err
	}()
	await(t, barrier.arrived)
	go func() { stopped <- host.Stop(t.Context()) }()
	await(t, host.pools[0].closed)
	_, err := http.Get(barrier.URL)
	require.NoError(t, err)
	require.NoError(t, await(t, first))
	require.NoError(t, await(t, stopped))
	lines, err := os.ReadFile(journal)
	require.NoError(t, err)
	require.Equal(t, "initialize\ninvoke\npreStop\n", string(lines))
}

func TestStopKillsWhatIsLate(t *testing.T) {
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
	err := host.Warm(t.Context())
	require.ErrorContains(t, err, `start function "recorder": InitializationError`)
	require.ErrorContains(t, err, `exit status 3; its last line was "BROKEN is set"`)
	require.Empty(t, host.Processes("recorder"))

	host = one(t, func(f *syaml.Function, _ *Config) {
		f.Environment["BROKEN"], f.Lifecycle.Initializer = "yes", nil
	})
	require.ErrorContains(t, host.Warm(t.Context()), `start function "recorder": ProcessExited`)
	_, fault := tell(t, host, "")
	require.Equal(t, "ProcessExited", fault.Code)

	host = one(t, func(f *syaml.Function, _ *Config) { f.Handler = "absent" })
	require.ErrorContains(t, host.Warm(t.Context()), "FunctionNotStarted")
}

func TestUnknownFunctionAndRuntime(t *testing.T) {
	host := one(t, nil)
	_, err := host.Invoke(t.Context(), "other", nil)
	require.ErrorContains(t, err, `no function "other"`)
	require.Empty(t, host.Processes("other"))
	function := testFunction("x")
	function.Runtime = "custom"
	_, err = New(Config{Functions: []syaml.Function{function}})
	require.ErrorContains(t, err, "want go1")
}

func TestWhatAFunctionIsTold(t *testing.T) {
	var calls atomic.Int32
	t.Setenv("FC_TEST_SECRET", "of the host")
	host := one(t, func(_ *syaml.Function, c *Config) {
		c.Environment = map[string]string{"OTHER": "overridden", "UNASKED": "x"}
		c.Credentials = func() Credentials {
			return Credentials{"id", "secret", "token-" + strconv.Itoa(int(calls.Add(1)))}
		}
	})
	var tokens []string
	for range 2 {
		answer, err := host.Invoke(t.Context(), "recorder", order("context", ""))
		require.NoError(t, err)
		var told struct {
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
		require.NoError(t, json.Unmarshal(answer, &told))
		require.NotEmpty(t, told.Context.RequestID)
		require.Equal(t, "cn-hangzhou", told.Context.Region)
		require.NotEmpty(t, told.Context.AccountId)
		require.Equal(t, "test-recorder", told.Context.Function.Name)
		require.Equal(t, "main", told.Context.Function.Handler)
		require.Equal(t, "512", told.Context.Function.Memory)
		require.Equal(t, 60, told.Context.Function.Timeout)
		require.InDelta(t, time.Now().Add(time.Minute).UnixMilli(), told.Deadline, 30_000)
		require.Equal(t, "id", told.Context.Credentials.AccessKeyId)
		require.Equal(t, "secret", told.Context.Credentials.AccessKeySecret)
		tokens = append(tokens, told.Context.Credentials.SecurityToken)
		require.Subset(t, told.Environ, []string{
			"OWN=variable", "OTHER=overridden", "FC_REGION=cn-hangzhou", "FC_FUNCTION_NAME=test-recorder",
			"FC_FUNCTION_HANDLER=main", "FC_FUNCTION_MEMORY_SIZE=512", "FC_FUNC_CODE_PATH=" + binaries,
			"ALIBABA_CLOUD_ACCESS_KEY_ID=id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET=secret", "ALIBABA_CLOUD_SECURITY_TOKEN=token-1",
		})
		require.NotContains(t, strings.Join(told.Environ, "\n"), "FC_TEST_SECRET")
		require.NotContains(t, strings.Join(told.Environ, "\n"), "UNASKED")
	}
	require.NotEqual(t, tokens[0], tokens[1], "each call brings its own keys")
}

func TestOutputIsPrefixedAndWhole(t *testing.T) {
	var output bytes.Buffer
	host := one(t, func(_ *syaml.Function, c *Config) { c.Output = &output })
	tell(t, host, "exit")
	require.NoError(t, host.Stop(t.Context()))
	lines := strings.Split(strings.TrimSuffix(output.String(), "\n"), "\n")
	require.Contains(t, lines, "recorder | going away")
	for _, line := range lines {
		require.True(t, strings.HasPrefix(line, "recorder | "), line)
	}
}

// TestProcessesDieWithTheHost kills a host that has no chance to end its processes.
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

// gone tells that a process is no more, or only waits for its parent to notice.
func gone(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return true
	}
	state, err := exec.Command("ps", "-o", "state=", "-p", strconv.Itoa(pid)).Output()
	return err != nil || strings.HasPrefix(strings.TrimSpace(string(state)), "Z")
}

// patience is how long a test waits for what is sure to come.
const patience = time.Minute

// await is the next value of a channel.
func await[T any](t *testing.T, values <-chan T) (value T) {
	t.Helper()
	select {
	case value = <-values:
	case <-time.After(patience):
		require.FailNow(t, "it does not come")
	}
	return value
}

// barrier is a server that answers nobody until a number of requests is there.
type barrier struct {
	URL     string
	arrived chan struct{} // one for each request, as long as somebody listens
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
	require.NoError(t, host.InvokeAsync("recorder", order("fail", "")))
	require.NoError(t, host.InvokeAsync("recorder", order("get", barrier.URL)))
	require.Error(t, host.InvokeAsync("other", nil))
	await(t, barrier.arrived)
	require.Eventually(t, func() bool {
		lines, _ := os.ReadFile(journal)
		return strings.Count(string(lines), "invoke") == 1+retries+1
	}, patience, 5*time.Millisecond)
	require.NoError(t, host.Stop(t.Context()))
	lines, err := os.ReadFile(journal)
	require.NoError(t, err)
	require.Equal(t, 1+retries+1, strings.Count(string(lines), "invoke"))
	require.True(t, slices.Contains(strings.Split(string(lines), "\n"), "preStop"))
}
