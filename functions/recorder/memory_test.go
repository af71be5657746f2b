//go:build linux && !race

package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/record"
)

// TestMain runs the tests. In the process that TestMemory starts, it runs the function instead.
func TestMain(m *testing.M) {
	if os.Getenv("RUN_RECORDER") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// memorySize is the memory, in MiB, that s.yaml gives the function.
const memorySize = 512

const shards = 256

// newBucket starts a stand-in for OSS, and returns its server. The stand-in confirms every put but
// stores nothing. Every listing contains only the layout marker.
func newBucket(t *testing.T) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		switch r.Method {
		case http.MethodPut:
			digest, _ := base64.StdEncoding.DecodeString(r.Header.Get("Content-MD5"))
			w.Header().Set("ETag", `"`+hex.EncodeToString(digest)+`"`)
		case http.MethodGet:
			w.Header().Set("Content-Type", "application/xml")
			_, _ = fmt.Fprintf(w, "<ListBucketResult><Contents><Key>%s</Key></Contents></ListBucketResult>", layout.Layout{Shards: shards}.Marker())
		default:
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	t.Cleanup(server.Close)
	return server
}

// startRecorder starts the function as a plain server in a new process. linger is the value of the
// variable LINGER. startRecorder returns the server's URL and the process id.
func startRecorder(t *testing.T, linger string) (url string, pid int) {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = []string{
		"RUN_RECORDER=1", "PORT=0", "SHARDS=" + strconv.Itoa(shards), "WEBHOOK_TOKEN=secret", "FC_FUNCTION_MEMORY_SIZE=" + strconv.Itoa(memorySize),
		"LINGER=" + linger, "OSS_ENDPOINT=" + newBucket(t).URL, "OSS_REGION=cn-hangzhou", "OSS_BUCKET=trace",
		"ALIBABA_CLOUD_ACCESS_KEY_ID=id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET=secret",
	}
	log, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Wait() })
	lines := bufio.NewReader(log)
	first, err := lines.ReadString('\n')
	require.NoError(t, err)
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	address := regexp.MustCompile(`"address":"([^"]+)"`).FindStringSubmatch(first)
	require.NotNil(t, address, first)
	return "http://" + address[1], cmd.Process.Pid
}

// peak returns the highest resident memory of a process so far, in MiB.
func peak(t *testing.T, pid int) int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(t, err)
	match := regexp.MustCompile(`VmHWM:\s*([0-9]+) kB`).FindSubmatch(status)
	require.NotNil(t, match)
	kilobytes, err := strconv.Atoi(string(match[1]))
	require.NoError(t, err)
	return kilobytes >> 10
}

// maxBody is the maximum length of a body in bytes.
const maxBody = 8 << 20

// body returns a body that consists of first, up to 100,000 items, and last. between separates the
// items. item(i) returns the item with index i. body stops adding items when the next one would not
// fit into maxBody.
func body(first, between, last string, item func(i int) string) string {
	var b strings.Builder
	b.WriteString(first)
	for i := range 100_000 {
		next := item(i)
		if b.Len()+len(between)+len(next)+len(last) > maxBody {
			break
		}
		if i > 0 {
			b.WriteString(between)
		}
		b.WriteString(next)
	}
	return b.String() + last
}

// text returns n random characters, which compress badly.
func text(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = '0' + byte(rand.N(75)) // up to z, including a backslash
		if b[i] == '\\' {
			b[i] = '_'
		}
	}
	return string(b)
}

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}

// heavy is a delivery that makes the recorder use as much memory as possible. want is the expected
// status.
type heavy struct {
	route, body string
	header      http.Header
	want        int
}

func heavyBodies() map[string]heavy {
	const own = `{"client_id":"%d","action":"close"}`
	short := body("[", ",", "]", func(i int) string { return fmt.Sprintf(own, i) })
	line := func(i int) string { return fmt.Sprintf("%d: Client %d disconnected.", time.Now().Unix(), i) }
	milli := time.Now().UnixMilli()
	long := func(n int) string {
		return body("[", ",", "]", func(int) string {
			return fmt.Sprintf(`{"client_id":%q,"action":"close","username":%q,"node":%q,"source_event_id":%q,"channel_id":%q,"native_reason":%q}`,
				text(2*n), text(n), text(n), text(n), text(n), text(n))
		})
	}
	position := http.Header{"X-Log-Position": {strings.Repeat("x", 128) + ":1"}}
	return map[string]heavy{
		"short events":             {"events", short, nil, 200},
		"short events, compressed": {"events", zipped(short), http.Header{"Content-Encoding": {"gzip"}}, 200},
		"short events and a fault": {"events", strings.Replace(short, "close", "open", 1), nil, 400},
		"texts of 500 bytes":       {"events", long(500), nil, 200},
		"texts of 10 bytes":        {"events", long(10), nil, 200},
		"a log":                    {"mosquitto", body("", "\n", "", line), position, 200},
		"a log with a stop":        {"mosquitto", logWithStop(), position, 200},
		"EMQX": {"emqx", body("[", ",", "]", func(i int) string {
			return fmt.Sprintf(`{"event":"client.connected","clientid":"%d","timestamp":%d}`, i, milli)
		}), nil, 200},
		"NanoMQ": {"nanomq", body("[", ",", "]", func(i int) string {
			return fmt.Sprintf(`{"action":"client_connack","clientid":"%d","conn_ack":"0"}`, i)
		}), nil, 200},
		"control characters": {"events", strings.Repeat("\x01", maxBody), nil, 400},
		"not UTF-8":          {"events", strings.Repeat("\xff", maxBody), nil, 400},
		"wrongly signed": {"events", short, http.Header{
			"Authorization": {""}, "Webhook-Id": {"1"}, "Webhook-Timestamp": {strconv.FormatInt(time.Now().Unix(), 10)}, "Webhook-Signature": {"v1,AAAA"},
		}, 401},
	}
}

// logWithStop returns a log of one stop of the broker with the maximum number of connected clients.
func logWithStop() string {
	var b strings.Builder
	for i := range broker.MaxItems/2 - 1 {
		fmt.Fprintf(&b, "%d: New client connected from 192.0.2.7:1 as %d (p2, c1, k60).\n", time.Now().Unix(), i)
	}
	fmt.Fprintf(&b, "%d: mosquitto version 2.0.22 terminating\n", time.Now().Unix())
	return b.String()
}

// post sends a delivery, repeats it while the recorder is busy, and returns the final status.
func post(t *testing.T, url string, h heavy) int {
	for {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/webhooks/"+h.route+"/prod", strings.NewReader(h.body))
		if err != nil {
			t.Error(err)
			return 0
		}
		r.Header.Set("Authorization", "Bearer secret")
		for name, values := range h.header {
			r.Header[name] = values
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			continue // the recorder refused the request before it had read the body
		}
		_, _ = io.Copy(io.Discard, response.Body)
		response.Body.Close()
		if response.StatusCode != http.StatusTooManyRequests {
			return response.StatusCode
		}
	}
}

// TestMemory runs the function as a plain server and sends it all heavy deliveries at the same
// time. The process must not use more memory than the function has.
func TestMemory(t *testing.T) {
	url, pid := startRecorder(t, "0")
	sendAll(t, url, slices.Collect(maps.Values(heavyBodies())))
	t.Logf("peak memory: %d MiB", peak(t, pid))
	require.Less(t, peak(t, pid), memorySize)
}

// TestMemoryOfWaitingDeliveries sends 2,000 deliveries with one event each at the same time. This
// is just below the number of events at which deliveries no longer wait for each other. The waiting
// deliveries must leave half of the memory free.
func TestMemoryOfWaitingDeliveries(t *testing.T) {
	url, pid := startRecorder(t, "2000")
	began := time.Now()
	sendAll(t, url, slices.Repeat([]heavy{{"events", `[{"client_id":"c","action":"close"}]`, nil, 200}}, 2000))
	require.GreaterOrEqual(t, time.Since(began), record.MaxLinger)
	t.Logf("peak memory: %d MiB", peak(t, pid))
	require.Less(t, peak(t, pid), memorySize/2)
}

// sendAll sends all deliveries at the same time and checks their statuses.
func sendAll(t *testing.T, url string, deliveries []heavy) {
	var all sync.WaitGroup
	for _, h := range deliveries {
		all.Go(func() {
			if got := post(t, url, h); got != h.want {
				t.Errorf("%.40q to %s: status %d, want %d", h.body, h.route, got, h.want)
			}
		})
	}
	all.Wait()
}
