package e2e

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	// silentDevice connected silentDays ago, and has been silent since.
	silentDevice = "GID_silent@@@connected"
	silentDays   = 29
	// departed is a device that connected at the same time, and disconnected an hour later.
	departed = "GID_silent@@@departed"
)

// statusReport holds the fields of a status that these tests check.
type statusReport struct {
	State        string
	Since        *time.Time
	LookedBackTo time.Time `json:"looked_back_to"`
	Cut          bool
	Incomplete   bool
	Receipt      receipt
}

// TestSilentDevice checks the status of a device that connected 29 days ago and has been silent
// since. Alibaba's clients, and the statuses and diagnoses of our own API, must show that the
// device is online. Meanwhile, another device in the same shard has had an event every day. The
// status must be found before compaction, in the small objects that the recorder puts, and also
// after compaction.
func TestSilentDevice(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	oneDay() // retention and compaction depend on the date
	connected := time.Now().AddDate(0, 0, -silentDays).Truncate(time.Millisecond)
	s.record(t, "silent", silentEvents(connected))
	for _, neighbor := range neighborEvents(silentDevice) {
		s.record(t, "silent", []inputEvent{neighbor})
	}
	requireSilentOnline(t, s, connected)
	s.age(t)
	s.compact(t)
	requireSilentOnline(t, s, connected)
	s.requireEvents(t, 3+silentDays)
}

// silentEvents returns the events of silentDevice and of departed.
func silentEvents(connected time.Time) []inputEvent {
	return []inputEvent{
		{ClientID: silentDevice, Action: "connect", Time: connected.UnixMilli(), ChannelID: "silent-1"},
		{ClientID: departed, Action: "connect", Time: connected.UnixMilli(), ChannelID: "departed-1"},
		{ClientID: departed, Action: "disconnect", ActionInfo: "disconnected by client", Time: connected.Add(time.Hour).UnixMilli(), ChannelID: "departed-1"},
	}
}

// neighborEvents returns the events of another device in the same shard as the given device. There
// is one event on each of the last silentDays days.
func neighborEvents(device string) (events []inputEvent) {
	now, neighbor := time.Now(), neighborOf(device)
	for daysAgo := range silentDays {
		at := now.AddDate(0, 0, -daysAgo).Add(-time.Minute)
		events = append(events, inputEvent{ClientID: neighbor, Action: "connect", Time: at.UnixMilli(), ChannelID: fmt.Sprintf("n-%d", daysAgo)})
	}
	return events
}

// requireSilentOnline checks the status of the silent device in every API, and what the responses
// cost.
func requireSilentOnline(t *testing.T, s *stack, connected time.Time) {
	t.Helper()
	for name, newClient := range alibabaClients {
		c := newClient(t, s.endpoint(), "local", "local-secret")
		require.True(t, online(t, c, "silent", silentDevice), name)
		require.False(t, online(t, c, "silent", departed), name)
		require.Equal(t, []string{departed + " false", silentDevice + " true", "nobody false"},
			onlineStatuses(t, c, "silent", departed, silentDevice, "nobody"), name)
	}
	requireStatus(t, s, silentDevice, time.Time{}, "online", connected)
	requireStatus(t, s, silentDevice, connected.AddDate(0, 0, 10), "online", connected)
	requireStatus(t, s, departed, time.Time{}, "offline", connected.Add(time.Hour))
	requireStatus(t, s, departed, connected.Add(time.Minute), "online", connected)
	requireSilentDiagnosis(t, s)
}

// requireStatus checks a status of a device. If at is zero, it checks the status now.
func requireStatus(t *testing.T, s *stack, device string, at time.Time, state string, since time.Time) {
	t.Helper()
	q := url.Values{"instance": {"silent"}, "client": {device}}
	if !at.IsZero() {
		q.Set("at", at.UTC().Format(apiTime))
	}
	var got statusReport
	s.read(t, "status", q, &got)
	require.Equal(t, state, got.State)
	require.NotNil(t, got.Since)
	require.Equal(t, since.UTC(), got.Since.UTC())
	require.False(t, got.LookedBackTo.After(since), "it cannot be known without the connect")
	require.False(t, got.Cut)
	require.False(t, got.Incomplete)
	require.LessOrEqual(t, got.Receipt.Requests, 80)
	require.NotZero(t, got.Receipt.Objects)
}

// requireSilentDiagnosis checks that a trace and an ordinary diagnosis of the last hours read at most
// two partitions, and do not find the connection. With since=1, the diagnosis must find it.
func requireSilentDiagnosis(t *testing.T, s *stack) {
	t.Helper()
	now := time.Now()
	q := question("silent", silentDevice, now.Add(-time.Hour), now)
	require.LessOrEqual(t, len(s.trace(t, q).Receipt.Partitions), 2)
	type diagnosis struct {
		Status   struct{ State string }
		Timeline []struct{ State string }
		Receipt  receipt
	}
	var plain, whole diagnosis
	s.read(t, "diagnosis", q, &plain)
	require.Equal(t, "unknown", plain.Timeline[0].State)
	require.LessOrEqual(t, len(plain.Receipt.Partitions), 2)
	s.read(t, "diagnosis", with(q, "since", "1"), &whole)
	require.Equal(t, "online", whole.Status.State)
	require.Equal(t, "online", whole.Timeline[0].State)
	require.Greater(t, len(whole.Receipt.Partitions), 2)
}
