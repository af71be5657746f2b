package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestKilledInTheMiddle kills each function during a call, while the function waits for the store.
// The caller must get an error, never an incomplete response. If the call is then repeated, the
// function must do all of the work.
func TestKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	needsProc(t)
	s := newStack(t)
	const device = "killed"
	from := time.Now().Add(-time.Hour)
	events := manyEvents(device, from, 60)
	s.record(t, "load", events[:30])

	s.killInTheMiddle(t, "recorder", func() (response, error) {
		return do(t.Context(), http.MethodPost, s.url("/webhooks/events/load"), webhookToken, nil, encode(events[30:]))
	})
	s.record(t, "load", events[30:])

	s.killInTheMiddle(t, "query", func() (response, error) {
		return s.tryAsk(t.Context(), question("load", device, from, time.Now()))
	})
	requireAllOf(t, s.eventIDs(t, deviceKey{"load", device}, from), events)

	s.killInTheMiddle(t, "compactor", func() (response, error) {
		err := s.invoke(t.Context(), "compactor")
		if err != nil && strings.Contains(err.Error(), "status 502") {
			return response{status: http.StatusBadGateway}, nil
		}
		return response{status: http.StatusOK}, err
	})
	s.compact(t)
	requireAllOf(t, s.eventIDs(t, deviceKey{"load", device}, from), events)
}

// killInTheMiddle makes a call, kills the function while it is waiting for the delayed store, and
// checks that the call failed because of the kill.
func (s *stack) killInTheMiddle(t *testing.T, function string, call func() (response, error)) {
	t.Helper()
	require.NoError(t, s.setStore(t.Context(), "delay=10m"))
	type ended struct {
		r   response
		err error
	}
	begun, end := s.callsOf(t, function), make(chan ended, 1)
	go func() {
		r, err := call()
		end <- ended{r, err}
	}()
	require.Eventually(t, func() bool { return s.callsOf(t, function) > begun }, patience, pollEvery)
	for _, p := range functionProcesses(s.cmd.Process.Pid, function) {
		require.True(t, p.kill())
	}
	select {
	case e := <-end:
		require.NoError(t, e.err)
		require.Equal(t, http.StatusBadGateway, e.r.status, "%s: %s", function, e.r.body)
		require.NotContains(t, string(e.r.body), `"events"`)
	case <-time.After(patience):
		require.FailNow(t, "the call did not end in time", function)
	}
	require.NoError(t, s.setStore(t.Context(), ""))
}

// callsOf returns the number of calls to a function that have begun.
func (s *stack) callsOf(t *testing.T, function string) int {
	t.Helper()
	logged, err := os.ReadFile(filepath.Join(s.data, "functions.log"))
	require.NoError(t, err)
	return strings.Count(string(logged), function+" | FC Invoke Start")
}

// requireAllOf checks that ids holds the id of each event exactly once, and no other id.
func requireAllOf(t *testing.T, ids []string, events []inputEvent) {
	t.Helper()
	var want []string
	for _, e := range events {
		want = append(want, e.SourceEventID)
	}
	slices.Sort(ids)
	slices.Sort(want)
	require.Equal(t, want, ids)
}
