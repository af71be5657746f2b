package e2e

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// samples says of every sample in events/ what rows it leaves: device, action and
// info. One that is rejected has the field at fault instead.
var samples = map[string]string{
	"emqx-connected":                   "dev1 connect accepted",
	"emqx-disconnected-normal":         "dev1 disconnect disconnected by client",
	"emqx-disconnected-by-client-code": "dev1 disconnect disconnected by client",
	"emqx-disconnected-keepalive":      "dev1 close no heart",
	"emqx-disconnected-takenover":      "dev1 close clientId conflict",
	"emqx-disconnected-tcp-closed":     "dev1 close closed by client",
	"emqx-disconnected-error":          "dev1 close Socket IOException",
	"emqx-disconnected-not-authorized": "dev1 close not authorized",
	"emqx-disconnected-protocol-error": "dev1 close invalid param",
	"emqx-disconnected-server-moved":   "dev1 close ServerShutdown",
	"emqx-connack-refused":             "dev4 close not authorized",
	"emqx-connack-no-client":           "rejected clientid",
	"emqx-connack-success":             "",
	"emqx-authn":                       "",
	"emqx-authz-denied":                "",
	"emqx-batch":                       "dev1 connect accepted, dev1 close no heart",
	"events-connect":                   "dev1 connect accepted",
	"events-close":                     "dev1 close no heart",
	"events-disconnect":                "dev2 disconnect disconnected by client",
	"events-refused":                   "dev3 close not authorized",
	"events-batch":                     "dev1 connect accepted, dev1 close no heart, dev2 disconnect disconnected by client, dev3 close not authorized",
	"events-ndjson":                    "dev1 connect accepted, dev1 close no heart, dev2 disconnect disconnected by client",
}

// TestSamples posts every sample to an instance of its own, and asks for all its devices.
func TestSamples(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	paths, err := filepath.Glob(filepath.Join(root, "events", "e*-*.json"))
	require.NoError(t, err)
	require.Len(t, paths, len(samples))
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		t.Run(name, func(t *testing.T) { testSample(t, s, path, name) })
	}
}

func testSample(t *testing.T, s *stack, path, name string) {
	want, known := samples[name]
	require.True(t, known)
	route, body, at := readSample(t, path)
	r := s.post(t, "/webhooks/"+route+"/"+name, []byte(body), nil)
	if field, rejected := strings.CutPrefix(want, "rejected "); rejected {
		require.Equal(t, http.StatusBadRequest, r.status, string(r.body))
		require.Equal(t, field, rejectionOf(t, r).Rejected[0].Field)
		return
	}
	require.Equal(t, http.StatusOK, r.status, string(r.body))
	recorded := 0
	if want != "" {
		recorded = len(strings.Split(want, ", "))
	}
	require.JSONEq(t, `{"recorded":`+strconv.Itoa(recorded)+`}`, string(r.body))
	require.Equal(t, want, summary(t, s, name, at))
}

// summary is the traces of all devices of the samples, in one line.
func summary(t *testing.T, s *stack, instance string, at time.Time) string {
	t.Helper()
	var parts []string
	for _, device := range []string{"dev1", "dev2", "dev3", "dev4"} {
		q := question(instance, "GID_a@@@"+device, at.Add(-time.Minute), at.Add(10*time.Minute))
		for _, r := range s.trace(t, q).rows(t) {
			require.Equal(t, device, r.DeviceID)
			require.NotEmpty(t, r.NativeEvent)
			parts = append(parts, device+" "+r.Action+" "+r.ActionInfo)
		}
	}
	return strings.Join(parts, ", ")
}

// The samples' times are fixed; old ones are refused. sampleStart is the first.
var (
	sampleStart = time.UnixMilli(1795339800120)
	sampleMilli = regexp.MustCompile(`17953\d{8}`)
	sampleText  = regexp.MustCompile(`2026-11-22T[\d:.]+Z`)
)

// readSample is the route and body of a sample, as if it happened an hour ago: at.
func readSample(t *testing.T, path string) (route, body string, at time.Time) {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	var e struct{ RawPath, Body string }
	require.NoError(t, json.Unmarshal(raw, &e))
	route, _, _ = strings.Cut(strings.TrimPrefix(e.RawPath, "/webhooks/"), "/")
	at = time.Now().Add(-time.Hour).Truncate(time.Millisecond)
	shift := at.Sub(sampleStart)
	body = sampleMilli.ReplaceAllStringFunc(e.Body, func(text string) string {
		milli, _ := strconv.ParseInt(text, 10, 64)
		return strconv.FormatInt(milli+shift.Milliseconds(), 10)
	})
	body = sampleText.ReplaceAllStringFunc(body, func(text string) string {
		then, err := time.Parse(time.RFC3339, text)
		require.NoError(t, err)
		return then.Add(shift).UTC().Format("2006-01-02T15:04:05.000Z")
	})
	return route, body, at
}

// rejection is what the sender of a bad item is told.
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
	var told rejection
	require.NoError(t, json.Unmarshal(r.body, &told), string(r.body))
	require.NotEmpty(t, told.Rejected)
	return told
}

// TestBadItem: the good items of a batch are recorded, the bad one is named, and the
// original is kept.
func TestBadItem(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	now := time.Now()
	good := `{"client_id":"good-`
	body := `[` + good + `1","action":"connect"},{"client_id":"bad","action":"explode"},` + good + `2","action":"close"}]`
	r := s.post(t, "/webhooks/events/bad", []byte(body), nil)
	require.Equal(t, http.StatusBadRequest, r.status, string(r.body))
	told := rejectionOf(t, r)
	require.Equal(t, 2, told.Recorded)
	require.Len(t, told.Rejected, 1)
	require.Equal(t, 1, told.Rejected[0].Item)
	require.Equal(t, "action", told.Rejected[0].Field)
	require.NotEmpty(t, told.Rejected[0].Error)
	for device, rows := range map[string]int{"good-1": 1, "good-2": 1, "bad": 0} {
		require.Len(t, s.trace(t, question("bad", device, now, now.Add(time.Minute))).Events, rows, device)
	}
	kept := s.objects(t, "quarantine/")
	require.Len(t, kept, 1)
	for _, file := range kept {
		require.NotContains(t, readFile(t, file), webhookToken)
	}
}

// TestForms: one object, an array, NDJSON, each as it is and packed, without any
// Content-Type; and what is too long.
func TestForms(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	now := time.Now()
	one, two := `{"client_id":"a","action":"connect"}`, `{"client_id":"a","action":"close"}`
	for name, form := range map[string]struct {
		body string
		rows int
	}{
		"object": {one, 1}, "array": {"[" + one + "," + two + "]", 2}, "ndjson": {one + "\n" + two + "\n", 2}, "none": {"[]", 0},
	} {
		for _, packed := range []bool{false, true} {
			instance, body, header := name+strconv.FormatBool(packed), []byte(form.body), http.Header{}
			if packed {
				body = pack(t, body)
				header.Set("Content-Encoding", "gzip")
			}
			r := s.post(t, "/webhooks/events/"+instance, body, header)
			require.Equal(t, http.StatusOK, r.status, string(r.body))
			require.JSONEq(t, `{"recorded":`+strconv.Itoa(form.rows)+`}`, string(r.body))
			require.Len(t, s.trace(t, question(instance, "a", now, now.Add(time.Minute))).Events, form.rows, instance)
		}
	}
	long := bytes.Repeat([]byte(" "), 8<<20+1)
	require.Equal(t, http.StatusRequestEntityTooLarge, s.post(t, "/webhooks/events/long", long, nil).status)
	packed := http.Header{"Content-Encoding": {"gzip"}}
	require.Equal(t, http.StatusRequestEntityTooLarge, s.post(t, "/webhooks/events/long", pack(t, long), packed).status)
	require.Equal(t, http.StatusNotFound, s.post(t, "/webhooks/nobroker/x", []byte(one), nil).status)
}

func pack(t *testing.T, body []byte) []byte {
	t.Helper()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write(body)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return packed.Bytes()
}

// TestAgain: an event that is delivered twice is shown once.
func TestAgain(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	now := time.Now()
	events := manyEvents("again", now, 20)
	for range 3 {
		s.record(t, "again", events)
	}
	require.Len(t, s.trace(t, question("again", "again", now, now.Add(time.Minute))).Events, len(events))
}
