package e2e

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// zipped returns n zero bytes followed by text, compressed with gzip.
func zipped(t *testing.T, n int64, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.CopyN(w, zeros{}, n)
	require.NoError(t, err)
	_, err = io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

const eventItem = `{"client_id":"c","action":"connect"}`

// items returns a JSON array of n events.
func items(n int) string {
	return "[" + strings.TrimSuffix(strings.Repeat(eventItem+",", n), ",") + "]"
}

// clients returns a body with one event for each of n clients. All events have the given user name.
func clients(n int, username string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"client_id":"%d","action":"connect","username":%q}`+"\n", i, username)
	}
	return b.String()
}

// TestAttackBodies checks that no body from a sender with a valid token can crash the recorder,
// block it, or make it use more memory than s.yaml gives it.
func TestAttackBodies(t *testing.T) {
	t.Parallel()
	needsProc(t)
	count := countAttacks(t)
	s := newStack(t)
	s.record(t, "bodies", manyEvents("warm", time.Now(), 1))
	before := functionProcesses(s.cmd.Process.Pid, "recorder")
	require.Len(t, before, 1)
	gzipped := http.Header{"Content-Encoding": {"gzip"}}
	full := 8 << 20
	bomb := bytes.Repeat(zipped(t, 64<<20, ""), 64)
	nested := zipped(t, 0, string(bomb))
	for name, c := range map[string]struct {
		body   []byte
		header http.Header
		want   int
	}{
		"4 GiB of zeros, compressed": {bomb, gzipped, 413},
		"a thousand gzip streams":    {bytes.Repeat(zipped(t, 1<<20, ""), 1000), gzipped, 413},
		"compressed twice":           {nested, gzipped, 400},
		"declared compressed twice":  {nested, http.Header{"Content-Encoding": {"gzip, gzip"}}, 400},
		"another compression":        {bomb, http.Header{"Content-Encoding": {"zstd"}}, 400},
		"not compressed":             {[]byte(eventItem), gzipped, 400},
		"compressed, at the limit":   {zipped(t, 0, eventItem+strings.Repeat(" ", full-len(eventItem))), gzipped, 200},
		"compressed, over the limit": {zipped(t, 0, eventItem+strings.Repeat(" ", full)), gzipped, 413},
		"100,000 levels":             {[]byte(strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000)), nil, 400},
		"100,000 levels in an event": {[]byte(`{"client_id":"c","action":"connect","x":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + "}"), nil, 400},
		"8 MiB of [":                 {bytes.Repeat([]byte("["), full), nil, 400},
		"8 MiB of {":                 {bytes.Repeat([]byte("{"), full), nil, 400},
		"8 MiB of quotes":            {bytes.Repeat([]byte(`"`), full), nil, 400},
		"8 MiB of backslashes":       {append([]byte(`{"a":"`), bytes.Repeat([]byte(`\`), full-6)...), nil, 400},
		"8 MiB of line ends":         {bytes.Repeat([]byte("\n"), full), nil, 400},
		"8 MiB of {} lines":          {bytes.Repeat([]byte("{}\n"), full/3), nil, 413},
		"8 MiB of empty items":       {[]byte("[" + strings.Repeat("{},", full/3-2) + "{}]"), nil, 413},
		"8 MiB and a byte":           {bytes.Repeat([]byte("x"), full+1), nil, 413},
		"10,000 items":               {[]byte(items(10_000)), nil, 200},
		"100,000 items":              {[]byte(items(100_000)), nil, 200},
		"100,000 clients":            {[]byte(clients(100_000, "")), nil, 200},
		"100,000 clients, gzipped":   {zipped(t, 0, clients(100_000, "")), gzipped, 200},
		"1,500 clients, long texts":  {[]byte(clients(1_500, strings.Repeat("u", 5_000))), nil, 200},
		"100,001 items":              {[]byte(items(100_001)), nil, 413},
		"100,000 invalid items":      {[]byte("[" + strings.Repeat(`{"client_id":1},`, 99_999) + "{}]"), nil, 400},
		"a number of 1 MiB":          {[]byte(`{"client_id":"c","action":"connect","time":` + strings.Repeat("9", 1<<20) + "}"), nil, 400},
		"a time of 1e999999999":      {[]byte(`{"client_id":"c","action":"connect","time":1e999999999}`), nil, 400},
		"a port of -1e400":           {[]byte(`{"client_id":"c","action":"connect","peer_port":-1e400}`), nil, 400},
		"an 8 MiB client identifier": {[]byte(`{"client_id":"` + strings.Repeat("c", full-100) + `","action":"connect"}`), nil, 200},
		"a forged client identifier": {[]byte(`{"client_id":"` + strings.Repeat("c", 1005) + `…0123456789abcdef","action":"connect"}`), nil, 400},
		"an 8 MiB reason":            {[]byte(`{"client_id":"c","action":"close","native_reason":"` + strings.Repeat("r", full-100) + `"}`), nil, 200},
		"not UTF-8":                  {[]byte("{\"client_id\":\"\xff\xfe\",\"action\":\"connect\"}"), nil, 400},
		"half a surrogate":           {[]byte(`{"client_id":"\ud800","action":"connect"}`), nil, 400},
		"UTF-16":                     {[]byte("\xff\xfe{\x00}\x00"), nil, 400},
	} {
		r := s.post(t, "/webhooks/events/bodies", c.body, c.header)
		require.Equal(t, c.want, r.status, "%s: %.300s", name, r.body)
		require.Less(t, len(r.body), 20<<10, "%s: the response must be short", name)
		count.note(r)
	}
	s.record(t, "bodies", []inputEvent{{ClientID: "after", Action: "connect", Time: time.Now().UnixMilli()}})
	require.Equal(t, before[0].pid, functionProcesses(s.cmd.Process.Pid, "recorder")[0].pid, "the process must not have been restarted")
	s.requireMemory(t, "recorder")
}

// If a client can write into a sender's JSON, it can add a second client identifier and thus cause
// an event for another client. An event in which a key occurs twice must therefore be rejected.
func TestAttackKeysTwice(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	now := time.Now()
	body := fmt.Sprintf(`{"client_id":"first","action":"close","client_id":"last","\u0063lient_id":"really-last","action":"connect","time":%d}`, now.UnixMilli())
	r := s.post(t, "/webhooks/events/twice", []byte(body), nil)
	require.Equal(t, 400, r.status)
	require.Equal(t, "client_id", rejectionOf(t, r).Rejected[0].Field)
	for _, client := range []string{"first", "last", "really-last"} {
		require.Empty(t, s.trace(t, question("twice", client, now.Add(-time.Minute), now.Add(time.Minute))).Events, client)
	}
}
