package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// rejection is the response to a delivery with an invalid item.
type rejection struct {
	Recorded int `json:"recorded"`
	Rejected []struct {
		Item  int    `json:"item"`
		Field string `json:"field"`
		Error string `json:"error"`
	} `json:"rejected"`
}

func rejectionOf(t *testing.T, r response) rejection {
	t.Helper()
	var got rejection
	require.NoError(t, json.Unmarshal(r.body, &got), string(r.body))
	require.NotEmpty(t, got.Rejected)
	return got
}

// TestBadItem checks that the valid items of a batch are recorded, that the invalid item is
// reported, and that the whole delivery is quarantined.
func TestBadItem(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	now := time.Now()
	good := `{"client_id":"good-`
	body := `[` + good + `1","action":"connect"},{"client_id":"bad","action":"explode"},` + good + `2","action":"close"}]`
	r := s.post(t, "/webhooks/events/bad", []byte(body), nil)
	require.Equal(t, http.StatusBadRequest, r.status, string(r.body))
	got := rejectionOf(t, r)
	require.Equal(t, 2, got.Recorded)
	require.Len(t, got.Rejected, 1)
	require.Equal(t, 1, got.Rejected[0].Item)
	require.Equal(t, "action", got.Rejected[0].Field)
	require.NotEmpty(t, got.Rejected[0].Error)
	for device, rows := range map[string]int{"good-1": 1, "good-2": 1, "bad": 0} {
		require.Len(t, s.trace(t, question("bad", device, now, now.Add(time.Minute))).Events, rows, device)
	}
	kept := s.objects(t, "quarantine/")
	require.Len(t, kept, 1)
	for _, file := range kept {
		require.NotContains(t, readFile(t, file), webhookToken)
	}
}

// TestBodyFormats checks that the recorder accepts bodies without a Content-Type: an object, an
// array and NDJSON, each with and without compression. The recorder must refuse a body that is too
// long.
func TestBodyFormats(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	now := time.Now()
	one, two := `{"client_id":"a","action":"connect"}`, `{"client_id":"a","action":"close"}`
	for name, format := range map[string]struct {
		body string
		rows int
	}{
		"object": {one, 1}, "array": {"[" + one + "," + two + "]", 2}, "ndjson": {one + "\n" + two + "\n", 2}, "none": {"[]", 0},
	} {
		for _, compressed := range []bool{false, true} {
			instance, body, header := name+strconv.FormatBool(compressed), []byte(format.body), http.Header{}
			if compressed {
				body = zipped(t, 0, format.body)
				header.Set("Content-Encoding", "gzip")
			}
			r := s.post(t, "/webhooks/events/"+instance, body, header)
			require.Equal(t, http.StatusOK, r.status, string(r.body))
			require.JSONEq(t, `{"recorded":`+strconv.Itoa(format.rows)+`}`, string(r.body))
			require.Len(t, s.trace(t, question(instance, "a", now, now.Add(time.Minute))).Events, format.rows, instance)
		}
	}
	long := bytes.Repeat([]byte(" "), 8<<20+1)
	require.Equal(t, http.StatusRequestEntityTooLarge, s.post(t, "/webhooks/events/long", long, nil).status)
	compressed := http.Header{"Content-Encoding": {"gzip"}}
	require.Equal(t, http.StatusRequestEntityTooLarge, s.post(t, "/webhooks/events/long", zipped(t, 0, string(long)), compressed).status)
	require.Equal(t, http.StatusNotFound, s.post(t, "/webhooks/nobroker/x", []byte(one), nil).status)
}

// TestRepeatedDelivery checks that an event that is delivered repeatedly is returned only once.
func TestRepeatedDelivery(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	now := time.Now()
	events := manyEvents("again", now, 20)
	for range 3 {
		s.record(t, "again", events)
	}
	require.Len(t, s.trace(t, question("again", "again", now, now.Add(time.Minute))).Events, len(events))
}
