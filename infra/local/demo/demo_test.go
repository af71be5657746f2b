package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/demo/ends"
	"devicetrace/infra/local/running"
	"devicetrace/pkg/event"
)

const twoRows = `{"events":[
	{"action":"connect","action_info":"accepted","channel_id":"0123456789abcdef","time":"2026-11-22T09:30:00.120Z","native_reason":""},
	{"action":"close","action_info":"no heart","channel_id":"0123456789abcdef","time":"2026-11-22T09:31:00.000Z","native_reason":"i/o\ntimeout"}],
	"receipt":{"objects":1,"requests":2,"bytes":4096,"ms":1.5,"partitions":["x"]}}`

func TestAwaitQueriesUntilTheRowsArrive(t *testing.T) {
	since := time.UnixMilli(1795339800120)
	var queries atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		ok := r.URL.Path == "/api/v1/trace" && r.Header.Get("Authorization") == "Bearer secret" &&
			q.Get("instance") == "local" && q.Get("client") == "GID_demo@@@x" && q.Get("from") == "1795339800120"
		switch {
		case !ok:
			w.WriteHeader(http.StatusBadRequest)
		case queries.Add(1) == 1:
			fmt.Fprint(w, `{"events":[],"receipt":{}}`)
		default:
			fmt.Fprint(w, twoRows)
		}
	}))
	defer s.Close()
	got, err := traceAPI{base: s.URL, token: "secret"}.await(t.Context(), "GID_demo@@@x", since, 2)
	require.NoError(t, err)
	require.NoError(t, checkRows(got.Events, []ends.Row{{Action: "connect", Info: "accepted"}, {Action: "close", Info: "no heart"}}))
	require.ErrorContains(t, checkRows(got.Events, []ends.Row{{Action: "connect", Info: "accepted"}, {Action: "disconnect", Info: "no heart"}}), "row 2")

	var table strings.Builder
	printTrace(&table, got)
	require.Equal(t, `  TIME (UTC)    ACTION   ACTION INFO  DESCRIPTION                                   CHANNEL   NATIVE REASON
  09:30:00.120  connect  accepted     connected                                     01234567  
  09:31:00.000  close    no heart     closed: no heartbeat, the client went silent  01234567  i/o timeout
  receipt: objects 1, requests 2, bytes 4096, 1.5 ms
`, table.String())
}

func TestRefusalsAreShown(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	_, err := traceAPI{base: s.URL}.await(t.Context(), "x", time.Now(), 1)
	require.ErrorContains(t, err, "404")
}

func TestEveryInfoHasADescription(t *testing.T) {
	for _, info := range append(event.ActionInfos(), event.Unexplained) {
		require.NotEmpty(t, descriptions[string(info)], info)
	}
}

func TestBrokerOf(t *testing.T) {
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	system := httptest.NewServer(running.Handler(running.Settings{MQTT: "127.0.0.1:2883"}, http.NotFoundHandler()))
	defer system.Close()
	for name, c := range map[string]struct{ address, wanted, err string }{
		"nothing listens":   {"127.0.0.1:1", "", "nothing listens on 127.0.0.1:1: start `make run`"},
		"another program":   {other.Listener.Addr().String(), "", "no `make run` listens on"},
		"the other broker":  {system.Listener.Addr().String(), "1883", "MQTT_PORT is 1883, but the broker of the `make run` on " + system.Listener.Addr().String() + " listens on port 2883: set MQTT_PORT to 2883"},
		"the same broker":   {system.Listener.Addr().String(), "2883", ""},
		"MQTT_PORT not set": {system.Listener.Addr().String(), "", ""},
	} {
		broker, err := brokerOf(t.Context(), c.address, c.wanted)
		if c.err != "" {
			require.ErrorContains(t, err, c.err, name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, "127.0.0.1:2883", broker, name)
	}
}

func TestHost(t *testing.T) {
	for setting, want := range map[string]string{"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "127.0.0.1", "my-machine": "127.0.0.1", "192.0.2.1": "192.0.2.1"} {
		require.Equal(t, want, host(setting))
	}
}
