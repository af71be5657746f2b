//go:build linux && !race

package traceapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/query"
	"devicetrace/pkg/segment"
	"devicetrace/pkg/serve"
	"devicetrace/pkg/traceapi"
)

// The tests in this file measure the peak memory of a process that serves requests. The process is
// this test binary, started again with these environment variables.
const (
	folderVariable = "TRACEAPI_TEST_FOLDER" // the folder that holds the bucket
	pathsVariable  = "TRACEAPI_TEST_PATHS"  // the paths to request at the same time, one per line
)

func TestMain(m *testing.M) {
	if folder := os.Getenv(folderVariable); folder != "" {
		if err := answer(folder, strings.Split(os.Getenv(pathsVariable), "\n")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// measured holds the measurements and the responses that the process prints.
type measured struct {
	Peak      int64 // bytes
	CPU       time.Duration
	Statuses  []int
	Responses []string
}

// answer requests all paths at the same time and prints the measurements.
func answer(folder string, paths []string) error {
	reader, err := query.New(&bucket{folder: folder}, query.Config{})
	if err != nil {
		return err
	}
	tokens, err := serve.ParseTokens("secret=*")
	if err != nil {
		return err
	}
	handler, err := traceapi.New(traceapi.Config{
		Reader: reader, Tokens: tokens, Now: func() time.Time { return morning.Add(24 * time.Hour) },
	})
	if err != nil {
		return err
	}
	m := measured{Statuses: make([]int, len(paths)), Responses: make([]string, len(paths))}
	var wg sync.WaitGroup
	for i, path := range paths {
		wg.Go(func() {
			w := &response{header: http.Header{}}
			r := httptest.NewRequest("GET", path, nil)
			r.Header.Set("Authorization", "Bearer secret")
			handler.ServeHTTP(w, r)
			m.Statuses[i], m.Responses[i] = w.status, string(w.last)
		})
	}
	wg.Wait()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return err
	}
	m.CPU = time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	if m.Peak, err = peak(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(m)
}

// response is an http.ResponseWriter that keeps only the end of the body, which contains the
// receipt.
type response struct {
	header http.Header
	status int
	last   []byte
}

func (w *response) Header() http.Header { return w.header }
func (w *response) WriteHeader(s int)   { w.status = s }

func (w *response) Write(p []byte) (int, error) {
	w.status = max(w.status, http.StatusOK)
	w.last = append(w.last, p...)
	w.last = slices.Clone(w.last[max(0, len(w.last)-1000):])
	return len(p), nil
}

var receipt = regexp.MustCompile(`"receipt":\{"objects":\d+,"requests":\d+,"bytes":\d+`)

var highWater = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// peak returns the peak memory of this process in bytes.
func peak() (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	match := highWater.FindSubmatch(status)
	if match == nil {
		return 0, fmt.Errorf("/proc/self/status has no VmHWM")
	}
	kilobytes, err := strconv.ParseInt(string(match[1]), 10, 64)
	return kilobytes << 10, err
}

// measure requests the paths at the same time, in a new process.
func measure(t *testing.T, b *bucket, paths ...string) measured {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), folderVariable+"="+b.folder, pathsVariable+"="+strings.Join(paths, "\n"), "GOMEMLIMIT=409MiB", "GOGC=")
	command.Stderr = os.Stderr
	out, err := command.Output()
	require.NoError(t, err)
	var m measured
	require.NoError(t, json.Unmarshal(out, &m))
	for i, status := range m.Statuses {
		require.Equal(t, http.StatusOK, status, "%s: %s", paths[i], m.Responses[i])
	}
	t.Logf("%d × %s: peak %d MB, CPU %v, %s", len(paths), paths[0], m.Peak>>20, m.CPU, receipt.FindString(m.Responses[0]))
	return m
}

// bucket is a store that keeps objects as files in a folder, so that they take no memory.
type bucket struct{ folder string }

func (b *bucket) Read(_ context.Context, key string, off, n int64) ([]byte, error) {
	f, err := os.Open(filepath.Join(b.folder, key))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data := make([]byte, n)
	if _, err := f.ReadAt(data, off); err != nil {
		return nil, err
	}
	return data, nil
}

func (b *bucket) List(_ context.Context, prefix, _ string) (page objstore.Page, err error) {
	root := os.DirFS(b.folder)
	err = fs.WalkDir(root, ".", func(key string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasPrefix(key, prefix) {
			return err
		}
		info, err := entry.Info()
		page.Objects = append(page.Objects, objstore.Object{Key: key, Size: info.Size()})
		return err
	})
	return page, err
}

// Prefixes is not needed, because each request here finds objects.
func (b *bucket) Prefixes(context.Context, string, string) (objstore.PrefixPage, error) {
	return objstore.PrefixPage{}, errors.ErrUnsupported
}

// put stores an object as a file.
func (b *bucket) put(t *testing.T, key string, data []byte) {
	path := filepath.Join(b.folder, key)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, data, 0o644))
}

// morning is the start of the device's day.
var morning = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

const dayPath = "instance=i&client=c&from=2026-11-22T00:00:00Z&to=2026-11-22T23:59:59.999Z"

// newBucket returns a bucket in which client c has n rows on one day. The first 60% of the rows are
// in one compacted object, the next 30% in ten smaller ones, and the rest in runs of eight
// recorders that receive the device's events in turn.
func newBucket(t *testing.T, n int, row func(i int) segment.Row) *bucket {
	b := &bucket{folder: t.TempDir()}
	l := layout.Layout{Shards: 16}
	b.put(t, l.Marker(), nil)
	where := l.PartitionOf("i", "c", morning)
	merged := func(level, number, from, to int) {
		var out bytes.Buffer
		w := segment.NewWriter(&out, segment.GroupRows(int64(to-from)))
		for i := from; i < to; i++ {
			r := row(i)
			require.NoError(t, w.Add(&r))
		}
		written, err := w.Close()
		require.NoError(t, err)
		name := layout.Name{Level: level, Digest: fmt.Sprintf("%064x", number), FooterLength: written.FooterLength, IndexLength: written.IndexLength}
		b.put(t, name.Key(where), out.Bytes())
	}
	merged(3, 0, 0, n*6/10)
	for i := range 10 {
		merged(2, i, n*(60+3*i)/100, n*(63+3*i)/100)
	}
	runs := 0
	for from := n * 9 / 10; from < n; from += 8 * 512 {
		for recorder := range 8 {
			var rows []segment.Row
			for i := from + recorder; i < min(n, from+8*512); i += 8 {
				rows = append(rows, row(i))
			}
			if len(rows) > 0 {
				data, err := segment.Encode(rows)
				require.NoError(t, err)
				runs++
				b.put(t, layout.Name{Run: fmt.Sprintf("%032x", runs), Seq: 1}.Key(where), data)
			}
		}
	}
	return b
}

// rowOf returns a function that returns the i-th of n rows of a day. Connects and ends alternate.
func rowOf(n int) func(i int) segment.Row {
	return func(i int) segment.Row {
		at := morning.Add(time.Duration(i*86_400_000/n) * time.Millisecond)
		e := event.Event{
			InstanceID: "i", ClientID: "c", ChannelID: fmt.Sprintf("%032x", i/2), Action: event.Connect, ActionInfo: event.Accepted,
			Time: at, ReceivedAt: at.Add(3 * time.Millisecond), TimeOrigin: event.FromBroker, Source: "emqx",
			NativeEvent: "client.connected", PeerAddress: fmt.Sprintf("192.0.2.%d", i%250), PeerPort: int32(1024 + i%60000),
			Username: "meter", Node: "emqx@10.1.0.1", Protocol: "MQTT", ProtocolVersion: 5, SourceEventID: fmt.Sprintf("%08d", i),
			KeepAlive: event.Some(time.Minute), CleanStart: event.Some(true), ConnectedAt: at,
		}
		if i%2 == 1 {
			e.Action, e.ActionInfo = event.Close, event.NoHeart
			e.NativeEvent, e.NativeReason = "client.disconnected", "keepalive_timeout"
			e.ConnectedAt = at.Add(-time.Second)
		}
		return segment.FromEvent(&e)
	}
}

// longRowOf is like rowOf, but each string that a client or a broker can choose, except the client
// identifier, has the maximum length and differs from row to row.
func longRowOf(n int) func(i int) segment.Row {
	short := rowOf(n)
	random := rand.New(rand.NewPCG(1, 1))
	noise := make([]byte, 1<<20)
	for i := range noise {
		noise[i] = 'a' + byte(random.IntN(26))
	}
	return func(i int) segment.Row {
		r := short(i)
		for j, text := range []*string{&r.ChannelID, &r.NativeReason, &r.PeerAddress, &r.Username, &r.Node, &r.Protocol, &r.SourceEventID} {
			at := (i*7919 + j*104729) % (len(noise) - event.MaxText)
			*text = fmt.Sprintf("%08d", i) + string(noise[at:at+event.MaxText-8])
		}
		return r
	}
}

const (
	tracePath     = "/api/v1/trace?" + dayPath
	diagnosisPath = "/api/v1/diagnosis?" + dayPath
	statusPath    = "/api/v1/status?instance=i&client=c&at=2026-11-22T23:59:59.999Z"
	MB            = 1 << 20
)

// A device with 300,000 events in a day must be diagnosed completely, in little memory and time.
// Traces of the device and requests for its status must also take little memory.
func TestMemoryOfABusyDevice(t *testing.T) {
	const n = 300_000
	b := newBucket(t, n, rowOf(n))
	for _, order := range []string{"asc", "desc"} {
		require.Less(t, measure(t, b, tracePath+"&order="+order).Peak, int64(128*MB))
	}
	require.Less(t, measure(t, b, slices.Repeat([]string{statusPath}, 16)...).Peak, int64(400*MB))
	m := measure(t, b, diagnosisPath)
	require.Less(t, m.Peak, int64(320*MB))
	require.Less(t, m.CPU, 5*time.Second) // usually less than one second
	require.NotContains(t, m.Responses[0], "cut_before")
	require.Less(t, measure(t, b, slices.Repeat([]string{tracePath + "&limit=5000"}, 16)...).Peak, int64(400*MB))
}

// Requests about a busy device must take little memory even if its strings have the maximum length.
// The diagnosis may then be cut.
func TestMemoryOfABusyDeviceWithLongTexts(t *testing.T) {
	const n = 40_000
	b := newBucket(t, n, longRowOf(n))
	for _, order := range []string{"asc", "desc"} {
		require.Less(t, measure(t, b, tracePath+"&order="+order).Peak, int64(160*MB))
	}
	require.Less(t, measure(t, b, statusPath).Peak, int64(128*MB))
	require.Less(t, measure(t, b, diagnosisPath).Peak, int64(300*MB))
	require.Less(t, measure(t, b, slices.Repeat([]string{tracePath + "&limit=5000"}, 16)...).Peak, int64(512*MB))
}

// Requests about a device with a million events in a day must stay within the same memory limits as
// requests about a device with 300,000.
func TestMemoryOfAMillionEvents(t *testing.T) {
	const n = 1_000_000
	b := newBucket(t, n, rowOf(n))
	for _, path := range []string{tracePath, tracePath + "&order=desc", statusPath} {
		require.Less(t, measure(t, b, path).Peak, int64(128*MB))
	}
	require.Less(t, measure(t, b, diagnosisPath).Peak, int64(320*MB))
	require.Less(t, measure(t, b, slices.Repeat([]string{diagnosisPath}, 4)...).Peak, int64(384*MB), "only one request at a time may use turnBytes")
}
