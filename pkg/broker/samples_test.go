package broker_test

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
)

const samples = "../../events"

// received is the time of receipt in all tests. It is shortly after the event times in the
// samples.
var received = time.Date(2026, 11, 22, 9, 40, 0, 123_456_789, time.UTC)

var meta = broker.Meta{InstanceID: "sample", ReceivedAt: received, Retention: 90 * 24 * time.Hour, DeliveryID: "1a2b3c4d"}

// sample reads the delivery in a file in events/ and returns its route and body.
func sample(t testing.TB, path string) (route, body string) {
	t.Helper()
	r := readSample(t, path)
	route, _, _ = strings.Cut(strings.TrimPrefix(r.RawPath, "/webhooks/"), "/")
	return route, r.Body
}

func readSample(t testing.TB, path string) (r request) {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &r))
	return r
}

// request is the event of an HTTP trigger, decoded from a file in events/.
type request struct {
	RawPath string
	Headers map[string]string
	Body    string
}

// sampleMeta returns the metadata of a sample's delivery. The hook and the log position come from
// the sample's headers, and the rest from the meta variable.
func sampleMeta(t testing.TB, path string) broker.Meta {
	t.Helper()
	with, headers := meta, readSample(t, path).Headers
	with.Hook, with.Position = headers["vernemq-hook"], headers["x-log-position"]
	return with
}

// allSamples returns the paths of the samples of a route.
func allSamples(t testing.TB, route string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(samples, route+"-*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	return paths
}

func decode(t testing.TB, route, body string) broker.Batch {
	t.Helper()
	return decodeWith(t, route, body, meta)
}

func decodeWith(t testing.TB, route, body string, with broker.Meta) broker.Batch {
	t.Helper()
	source, ok := broker.Find(route)
	require.True(t, ok, route)
	return source.Decode([]byte(body), with)
}

// isLog reports whether the bodies of a route are lines of a log.
func isLog(route string) bool {
	source, _ := broker.Find(route)
	return marksIn(source, []byte("\n")) > 0
}

// marksIn returns the number of marks in a body; see broker.Marker.
func marksIn(source broker.Source, body []byte) int {
	marks := broker.Marker{Source: source}
	marks.Add(body)
	return int(marks.Count)
}

// requireSamples decodes all samples of a route and checks their summaries. want maps each sample's
// name to the expected summary. The tests of every source must call requireSamples, so that every
// sample is tested.
func requireSamples(t *testing.T, route string, want map[string]string) {
	t.Helper()
	paths := allSamples(t, route)
	require.Len(t, paths, len(want))
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		t.Run(name, func(t *testing.T) {
			_, body := sample(t, path)
			require.Equal(t, want[name], summary(decodeWith(t, route, body, sampleMeta(t, path))))
		})
	}
}

// summary describes a batch in one line. It lists the device, action and action info of each
// event, followed by the item and field of each rejection.
func summary(b broker.Batch) string {
	var parts []string
	for _, e := range b.Events {
		parts = append(parts, e.DeviceID()+" "+string(e.Action)+" "+cmp.Or(string(e.ActionInfo), "unexplained"))
	}
	for _, r := range b.Rejected {
		parts = append(parts, strings.TrimSpace("rejected "+string(rune('0'+r.Item%10))+" "+r.Field))
	}
	return strings.Join(parts, ", ")
}
