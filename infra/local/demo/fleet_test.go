package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/sim"
)

// TestFleetUntil checks that the fleet's incidents are over by now, and that the link shows their
// day.
func TestFleetUntil(t *testing.T) {
	early := time.Date(2026, 11, 30, 2, 59, 0, 0, time.UTC)
	for _, now := range append(instants, early, early.Add(time.Minute)) {
		c := fleetUntil(now.In(time.FixedZone("", 8*3600)))
		want := startOfDay(now)
		if now.Sub(want) < 3*time.Hour {
			want = want.AddDate(0, 0, -1)
		}
		require.Equal(t, want, c.Day)
		require.False(t, c.Until.After(now))
		days := sim.Fleet(c)
		require.Len(t, days.Incidents, 3)
		for _, i := range days.Incidents {
			require.Equal(t, want, startOfDay(i.At))
			require.True(t, i.Over.Before(now))
		}
		require.Equal(t, want.AddDate(0, 0, -1), startOfDay(days.Events[0].Time), "the day before, for comparison")
	}
}

// TestDemosDoNotMix checks that demos in different minutes record different instances.
func TestDemosDoNotMix(t *testing.T) {
	now := instants[1]
	require.Equal(t, fleetUntil(now), fleetUntil(now.Add(59*time.Second)))
	require.NotEqual(t, fleetUntil(now).Instance, fleetUntil(now.Add(time.Minute)).Instance)
}

func TestShowFleet(t *testing.T) {
	recorded, path := 0, ""
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var events []map[string]any
		if json.NewDecoder(r.Body).Decode(&events) != nil || r.Header.Get("Authorization") != "Bearer hook" {
			w.WriteHeader(http.StatusBadRequest)
		}
		recorded, path = recorded+len(events), r.URL.Path
	}))
	defer s.Close()
	var out strings.Builder
	require.NoError(t, showFleet(t.Context(), traceAPI{base: s.URL, token: "secret"}, "hook", &out))
	require.Greater(t, recorded, 3000)
	instance, ok := strings.CutPrefix(path, "/webhooks/events/")
	require.True(t, ok)
	require.Contains(t, out.String(), "&instance="+instance+"&view=fleet#token=secret")
	require.Contains(t, out.String(), "node edge-2 restarts: ")
	require.Contains(t, out.String(), "network 10.20.4.0/24 is cut off for 12 minutes: ")
	require.Contains(t, out.String(), "group GID_camera gets bad credentials: ")
}
