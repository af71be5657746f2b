package broker_test

import (
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

// received is the receiver's clock in all tests: shortly after the samples.
var received = time.Date(2026, 11, 22, 9, 40, 0, 123_456_789, time.UTC)

var meta = broker.Meta{InstanceID: "sample", ReceivedAt: received, Retention: 90 * 24 * time.Hour}

// sample returns the route and the body of a file of events/.
func sample(t testing.TB, path string) (route, body string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	var e struct {
		RawPath string
		Body    string
	}
	require.NoError(t, json.Unmarshal(raw, &e))
	route, _, _ = strings.Cut(strings.TrimPrefix(e.RawPath, "/webhooks/"), "/")
	return route, e.Body
}

// allSamples lists the files for a route.
func allSamples(t testing.TB, route string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(samples, route+"-*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	return paths
}

func decode(t testing.TB, route, body string) broker.Batch {
	t.Helper()
	decoder, ok := broker.Lookup(route)
	require.True(t, ok, route)
	return decoder([]byte(body), meta)
}

func TestLookupKnowsNoOtherRoute(t *testing.T) {
	_, ok := broker.Lookup("vernemq")
	require.False(t, ok)
}

// TestSamples says of each file what it makes: client, action and info of each row.
func TestSamples(t *testing.T) {
	want := map[string]string{
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
		"emqx-connack-no-client":           "rejected 0 clientid",
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
	paths := append(allSamples(t, "emqx"), allSamples(t, "events")...)
	require.Len(t, paths, len(want))
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		t.Run(name, func(t *testing.T) {
			route, body := sample(t, path)
			require.Equal(t, want[name], summary(decode(t, route, body)))
		})
	}
}

// summary is a batch in one line.
func summary(b broker.Batch) string {
	var parts []string
	for _, e := range b.Events {
		parts = append(parts, e.DeviceID()+" "+string(e.Action)+" "+string(e.ActionInfo))
	}
	for _, r := range b.Rejected {
		parts = append(parts, strings.TrimSpace("rejected "+string(rune('0'+r.Item%10))+" "+r.Field))
	}
	return strings.Join(parts, ", ")
}
