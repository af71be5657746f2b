package e2e

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

// sample is a delivery from the folder events/, with its times shifted to about an hour ago.
type sample struct {
	name, route, body string
	header            http.Header
}

// TestSamples posts each sample to a separate instance. The traces of the clients in the sample
// must contain exactly the events that the decoder returns.
func TestSamples(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	posted := 0
	for _, sample := range readSamples(t) {
		t.Run(sample.name, func(t *testing.T) { testSample(t, s, sample) })
		posted++
	}
	require.GreaterOrEqual(t, posted, 80)
}

// otherResponses holds the expected responses to samples that contain no events. Two of these
// samples are handshakes, and one lacks the header that is needed to decode its body.
var otherResponses = map[string]struct {
	status int
	body   string
}{
	"vernemq-auth-on-register":   {http.StatusOK, `"result":"next"`},
	"vernemq-no-hook":            {http.StatusBadRequest, `"code":"InvalidHook"`},
	"azure-eventgrid-validation": {http.StatusOK, `"validationResponse":`},
}

func testSample(t *testing.T, s *stack, sample sample) {
	r := s.post(t, "/webhooks/"+sample.route+"/"+sample.name, []byte(sample.body), sample.header)
	if other, found := otherResponses[sample.name]; found {
		require.Equal(t, other.status, r.status, string(r.body))
		require.Contains(t, string(r.body), other.body)
		return
	}
	want := sample.decode(t)
	if len(want.Rejected) > 0 {
		require.Equal(t, http.StatusBadRequest, r.status, string(r.body))
		got := rejectionOf(t, r)
		require.Equal(t, len(want.Events), got.Recorded)
		require.Equal(t, want.Rejected[0].Field, got.Rejected[0].Field)
		require.Equal(t, want.Rejected[0].Error, got.Rejected[0].Error)
	} else {
		require.Equal(t, http.StatusOK, r.status, string(r.body))
		require.JSONEq(t, `{"recorded":`+strconv.Itoa(len(want.Events))+`}`, string(r.body))
	}
	requireRows(t, s, sample.name, want.Events)
}

// decode decodes the sample with the decoder of its route.
func (s sample) decode(t *testing.T) broker.Batch {
	t.Helper()
	source, found := broker.Find(s.route)
	require.True(t, found, s.route)
	return source.Decode([]byte(s.body), broker.Meta{
		InstanceID: event.InstanceID(s.name), ReceivedAt: time.Now(),
		DeliveryID: noBits, Hook: s.header.Get("vernemq-hook"), Position: s.header.Get("x-log-position"),
	})
}

// requireRows groups the given events by client and queries the API for each client. The rows in a
// client's trace must match that client's events.
func requireRows(t *testing.T, s *stack, instance string, events []event.Event) {
	t.Helper()
	want := map[string][]string{}
	for _, e := range events {
		want[string(e.ClientID)] = append(want[string(e.ClientID)], strings.Join([]string{
			string(e.Action), string(e.ActionInfo), e.NativeEvent, e.NativeReason, e.Channel(), e.SourceEventID, e.PeerAddress, e.Username,
		}, "|"))
	}
	for client, rows := range want {
		var got []string
		q := question(instance, client, time.Now().Add(-2*time.Hour), time.Now().Add(time.Minute))
		for _, r := range s.trace(t, q).rows(t) {
			got = append(got, strings.Join([]string{
				r.Action, r.ActionInfo, r.NativeEvent, r.NativeReason, r.ChannelID, withoutBits(r), r.PeerAddress, r.Username,
			}, "|"))
		}
		slices.Sort(rows)
		slices.Sort(got)
		require.Equal(t, rows, got, client)
	}
}

// noBits takes the place of the random bits that identify a delivery.
const noBits = "00000000"

// randomBits matches the end of the identifier that the recorder gives to an event without a time:
// the delivery's random bits and the number of the event.
var randomBits = regexp.MustCompile("[0-9a-f]{8}(-[0-9]{5})$")

// withoutBits returns the row's source event id. If the source sent no time, noBits replaces the
// random bits in the id.
func withoutBits(r row) string {
	if r.TimeOrigin == string(event.FromBroker) {
		return r.SourceEventID
	}
	return randomBits.ReplaceAllString(r.SourceEventID, noBits+"$1")
}

// readSamples returns the samples of all routes.
func readSamples(t *testing.T) []sample {
	t.Helper()
	var samples []sample
	for _, route := range broker.Names() {
		paths, err := filepath.Glob(filepath.Join(root, "events", route+"-*.json"))
		require.NoError(t, err)
		require.NotEmpty(t, paths, route)
		for _, path := range paths {
			samples = append(samples, readSample(t, path, route))
		}
	}
	return samples
}

func readSample(t *testing.T, path, route string) sample {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	var e struct {
		RawPath string
		Headers map[string]string
		Body    string
	}
	require.NoError(t, json.Unmarshal(raw, &e))
	require.Equal(t, "/webhooks/"+route+"/sample", e.RawPath)
	s := sample{name: strings.TrimSuffix(filepath.Base(path), ".json"), route: route, header: http.Header{}}
	for name, value := range e.Headers {
		if name != "Authorization" {
			s.header.Set(name, value)
		}
	}
	s.body = anHourAgo(t, e.Body)
	return s
}

// The recorder rejects old events, so anHourAgo shifts the fixed times in the samples. sampleStart
// is the earliest of these times. sampleUnix matches times in Unix seconds, milliseconds or
// microseconds, and sampleTexts matches times in other forms. sampleBase64 matches an object in
// base64, which may contain times, too.
var (
	sampleStart  = time.UnixMilli(1795339800000)
	sampleUnix   = regexp.MustCompile(`\b17953\d{5}(\d{3}){0,2}\b`)
	sampleBase64 = regexp.MustCompile(`\beyJ[A-Za-z0-9+/]+=*`)
	sampleTexts  = []struct {
		pattern *regexp.Regexp
		layout  string
	}{
		{regexp.MustCompile(`2026-11-22T[\d:.]+(Z|[+-]\d\d:\d\d)`), time.RFC3339Nano},
		{regexp.MustCompile(`2026-11-22T[\d:]+[+-]\d{4}`), "2006-01-02T15:04:05-0700"},
		{regexp.MustCompile(`2026-11-22 \d\d:\d\d:\d\d\.\d{3}`), "2006-01-02 15:04:05.000"},
		{regexp.MustCompile(`20261122T\d{6}Z`), "20060102T150405Z"},
	}
)

// anHourAgo returns body with its times shifted so that sampleStart becomes about an hour ago. All
// times are shifted by the same amount, whatever their format. The amount is a whole number of
// seconds, because some sources report times in whole seconds.
func anHourAgo(t *testing.T, body string) string {
	t.Helper()
	shift := time.Now().Add(-time.Hour).Sub(sampleStart).Truncate(time.Second)
	body = sampleBase64.ReplaceAllStringFunc(body, func(encoded string) string {
		object, err := base64.StdEncoding.DecodeString(encoded)
		require.NoError(t, err)
		return base64.StdEncoding.EncodeToString([]byte(shifted(t, string(object), shift)))
	})
	return shifted(t, body, shift)
}

func shifted(t *testing.T, body string, shift time.Duration) string {
	t.Helper()
	body = sampleUnix.ReplaceAllStringFunc(body, func(text string) string {
		n, err := strconv.ParseInt(text, 10, 64)
		require.NoError(t, err)
		unit := map[int]time.Duration{10: time.Second, 13: time.Millisecond, 16: time.Microsecond}[len(text)]
		return strconv.FormatInt(n+int64(shift/unit), 10)
	})
	for _, form := range sampleTexts {
		body = form.pattern.ReplaceAllStringFunc(body, func(text string) string {
			then, err := time.Parse(form.layout, text)
			require.NoError(t, err)
			return then.Add(shift).Format(form.layout)
		})
	}
	return body
}

// TestInvokeSamples calls the functions with the samples that events/README.md uses. These samples
// contain no time, so they work on any day.
func TestInvokeSamples(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, "s.yaml", nil)
	recorded := p.invokeSample(t, "recorder", "events-now.json", webhookToken)
	require.Equal(t, http.StatusOK, recorded.StatusCode, recorded.Body)
	require.JSONEq(t, `{"recorded":2}`, recorded.Body)

	queried := p.invokeSample(t, "query", "query-trace.json", queryToken)
	require.Equal(t, http.StatusOK, queried.StatusCode, queried.Body)
	require.Contains(t, queried.Body, `"action":"connect"`)
	require.Contains(t, queried.Body, `"action_info":"no heart"`)
	require.Equal(t, 2, strings.Count(queried.Body, `"time_origin":"received"`), queried.Body)

	p.invokeSample(t, "compactor", "timer.json", "")
}

// httpResponse is a function's response to an HTTP request.
type httpResponse struct {
	StatusCode int
	Body       string
}

// invokeSample calls a function with a sample in which the given token replaces the token local.
func (p platform) invokeSample(t *testing.T, function, file, token string) (response httpResponse) {
	t.Helper()
	event, err := os.ReadFile(filepath.Join(root, "events", file))
	require.NoError(t, err)
	payload, err := p.host.Invoke(t.Context(), function, []byte(strings.Replace(string(event), "Bearer local", "Bearer "+token, 1)))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(payload, &response))
	return response
}
