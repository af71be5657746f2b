package fc

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/syaml"
)

// needsProc skips the test on a system that cannot measure memory.
func needsProc(t *testing.T) {
	t.Helper()
	if !canMeasure("/proc") {
		t.Skip("this system has no /proc/PID/clear_refs")
	}
}

// useOrder returns the payload of a call that makes the function call useMemory.
func useOrder(megabytes int, url string) []byte {
	payload, err := json.Marshal(instruction{Do: "use memory", Megabytes: megabytes, URL: url})
	if err != nil {
		panic(err)
	}
	return payload
}

// withMemory returns a host that runs a function with a memorySize of 192 MB, and the host's log.
// The log may be read only after the host has stopped.
func withMemory(t *testing.T, change func(*Config)) (*Host, *bytes.Buffer) {
	t.Helper()
	output := &bytes.Buffer{}
	return one(t, func(f *syaml.Function, c *Config) {
		*f, c.Output = withRoute(*f, "/*"), output
		f.MemoryMB = 192
		if change != nil {
			change(c)
		}
	}), output
}

func requireExceeded(t *testing.T, err error) {
	t.Helper()
	var fault *Error
	require.ErrorAs(t, err, &fault)
	require.Equal(t, "ProcessExited", fault.Code)
	require.Equal(t, http.StatusBadGateway, fault.Status)
	require.Equal(t, "the function's process exited: it used more memory than its memorySize, 192 MB", fault.Message)
	require.NotEmpty(t, fault.RequestID)
}

const exceededLine = "recorder | recorder exceeded 192 MB (memorySize): its process was killed\n"

// A process that uses too much memory must be killed during its call. The call never ends by
// itself, because the barrier never responds.
func TestMemoryIsPolledDuringACall(t *testing.T) {
	needsProc(t)
	barrier := newBarrier(t, 2)
	host, output := withMemory(t, nil)
	before, fault := obeyed(t, host, "")
	require.Nil(t, fault)
	_, err := host.Invoke(t.Context(), "recorder", useOrder(200, barrier.URL))
	requireExceeded(t, err)
	require.True(t, gone(before))
	after, fault := obeyed(t, host, "")
	require.Nil(t, fault)
	require.NotEqual(t, before, after)
	require.NoError(t, host.Stop(t.Context()))
	require.Equal(t, 1, strings.Count(output.String(), exceededLine), output)
}

// A call that used too much memory between two polls must fail, even if the function has already
// responded.
func TestMemoryIsReadAfterACall(t *testing.T) {
	needsProc(t)
	host, output := withMemory(t, func(c *Config) { c.memoryPoll = time.Hour })
	before, fault := obeyed(t, host, "")
	require.Nil(t, fault)
	_, err := host.Invoke(t.Context(), "recorder", useOrder(200, ""))
	requireExceeded(t, err)
	require.True(t, gone(before))
	_, fault = obeyed(t, host, "")
	require.Nil(t, fault)
	require.NoError(t, host.Stop(t.Context()))
	require.Equal(t, 1, strings.Count(output.String(), exceededLine), output)
}

// If a function exceeds its memory limit during an HTTP request, the sender must get the platform's
// error response.
func TestMemoryOfAnHTTPRequest(t *testing.T) {
	needsProc(t)
	host, _ := withMemory(t, nil)
	w := httptest.NewRecorder()
	host.ServeHTTP(w, httptest.NewRequest("GET", "/webhooks/memory", nil))
	require.Equal(t, http.StatusBadGateway, w.Code)
	require.Contains(t, w.Body.String(), `"Code":"ProcessExited"`)
}

var reported = regexp.MustCompile(`(?m)^recorder \| RequestId: 1-[0-9a-f]{32}, Duration: \d+\.\d\d ms, Memory Size: 192 MB, Max Memory Used: (\d+\.\d\d) MB$`)

// The log must state how much memory each call used. Memory that an earlier call freed must not
// count. Otherwise, a call could fail because of an earlier one.
func TestEachCallIsMeasuredForItself(t *testing.T) {
	needsProc(t)
	host, output := withMemory(t, func(c *Config) { c.memoryPoll = time.Hour })
	for range 3 {
		for _, megabytes := range []int{100, 1} {
			_, err := host.Invoke(t.Context(), "recorder", useOrder(megabytes, ""))
			require.NoError(t, err)
		}
	}
	require.Len(t, processes(host, "recorder"), 1)
	require.NoError(t, host.Stop(t.Context()))
	matches := reported.FindAllStringSubmatch(output.String(), -1)
	require.Len(t, matches, 6+1, "six calls and preStop: %s", output)
	for i, match := range matches[:6] {
		used, err := strconv.ParseFloat(match[1], 64)
		require.NoError(t, err)
		if i%2 == 0 {
			require.Greater(t, used, 100.0)
			require.Less(t, used, 192.0)
		} else {
			require.Less(t, used, 100.0)
			require.Greater(t, used, 1.0)
		}
	}
	require.NotContains(t, output.String(), "exceeded")
}

// A host must close a process's files in /proc when the process exits. Otherwise, a host that runs
// for days would run out of file descriptors.
func TestMeterIsClosed(t *testing.T) {
	needsProc(t)
	host := one(t, nil)
	_, fault := obeyed(t, host, "")
	require.Nil(t, fault)
	process := host.pools[0].processes[0]
	require.NoError(t, host.Stop(t.Context()))
	for _, file := range []*os.File{process.memory.meter.status, process.memory.meter.refs} {
		_, err := file.Stat()
		require.ErrorIs(t, err, os.ErrClosed)
	}
}

// The smallest memorySize that the platform allows must suffice for a function that does little.
func TestFunctionWithLittleMemory(t *testing.T) {
	host := one(t, func(f *syaml.Function, _ *Config) { f.MemoryMB = 128 })
	for range 3 {
		_, fault := obeyed(t, host, "")
		require.Nil(t, fault)
	}
}

// On a system without /proc, the host must still run functions. It must report once that memorySize
// is not enforced.
func TestMachineThatCannotMeasure(t *testing.T) {
	empty := t.TempDir()
	host, output := withMemory(t, func(c *Config) { c.proc = empty })
	for range 2 {
		_, err := host.Invoke(t.Context(), "recorder", useOrder(200, ""))
		require.NoError(t, err)
	}
	require.NoError(t, host.Stop(t.Context()))
	require.Equal(t, 1, strings.Count(output.String(), "host | memorySize is not enforced, because this system has no "+empty+"/PID/clear_refs\n"), output)
	require.NotContains(t, output.String(), "Max Memory Used")
}

func TestHighWater(t *testing.T) {
	for status, want := range map[string]int64{
		"Name:\tmain\nVmPeak:\t 99 kB\nVmHWM:\t  1234 kB\nVmRSS:\t 12 kB\n": 1234 << 10,
		"Name:\tmain\nState:\tZ (zombie)\nThreads:\t1\n":                    0, // an exited process has no memory
		"":                                 0,
		"Name:\tmain\nVmHWM:\t  1234":      0,
		"Name:\tmain\nVmHWM:\t  much kB\n": 0,
	} {
		require.Equal(t, want, highWater([]byte(status)), status)
	}
}
