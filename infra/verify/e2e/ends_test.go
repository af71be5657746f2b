package e2e

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/demo/ends"
	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
)

// nativeEnd is the local broker's own description of the end of a connection.
type nativeEnd struct {
	event, reason string
	code          int32 // noCode if the broker gave no code
}

const noCode = -1

// nativeEnds maps each kind of end to the broker's own description of it. If a kind involves
// several ends or refusals, the map describes the first one.
var nativeEnds = map[string]nativeEnd{
	"refused-password": {"connack", "return code 5", 5},
	"clean":            {"disconnect", "disconnected", noCode},
	"dropped":          {"disconnect", "EOF", noCode},
	"reset":            {"disconnect", "read: connection reset by peer", noCode},
	"silent":           {"disconnect", "i/o timeout", noCode},
	"takeover":         {"disconnect", "session takeover", 0x8E},
	"denied":           {"disconnect", "not authorized", 0x87},
	"denied-subscribe": {"disconnect", "not authorized", 0x87},
	"malformed":        {"disconnect", "invalid packet type; 0", noCode},
}

// TestEveryKindOfEnd checks the trace of a real MQTT device for every kind of end, with both
// protocol versions.
func TestEveryKindOfEnd(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	t.Run("kinds", func(t *testing.T) {
		for _, version := range []byte{4, 5} {
			for _, kind := range ends.Kinds {
				t.Run(kind.Name+"-v"+strconv.Itoa(int(version)), func(t *testing.T) {
					t.Parallel()
					testEnd(t, s, kind, version)
				})
			}
		}
	})
}

func testEnd(t *testing.T, s *stack, kind ends.Kind, version byte) {
	target, device := s.target(), "GID_e2e@@@"+kind.Name+"-v"+strconv.Itoa(int(version))
	target.Version = version
	began := time.Now().Truncate(time.Millisecond)
	require.NoError(t, kind.Run(t.Context(), target, device))
	to := time.Now().Add(time.Minute)
	page := s.await(t, question("local", device, began, to), len(kind.Rows))
	rows := page.rows(t)

	require.Len(t, rows, len(kind.Rows))
	for i, want := range kind.Rows {
		require.Equal(t, want, ends.Row{Action: rows[i].Action, Info: rows[i].ActionInfo}, "row %d", i)
		requireEvidence(t, rows[i], device, began)
		if i > 0 {
			require.False(t, rows[i].Time.Before(rows[i-1].Time), "times must not go backwards")
		}
	}
	requirePairs(t, rows)
	requireNative(t, kind.Name, rows)
	requireReceipt(t, page.Receipt, device, began, to)
}

// requireEvidence checks the columns that the local broker fills in every row.
func requireEvidence(t *testing.T, r row, device string, began time.Time) {
	t.Helper()
	require.Equal(t, device, r.ClientID)
	require.Equal(t, "GID_e2e", r.GroupID)
	require.Equal(t, "local", r.InstanceID)
	require.Equal(t, "local", r.Node)
	require.Equal(t, "mochi", r.Source)
	require.Equal(t, "broker", r.TimeOrigin)
	require.Equal(t, "device", r.Username)
	require.Equal(t, "127.0.0.1", r.PeerAddress)
	require.NotZero(t, r.PeerPort)
	require.Equal(t, "MQTT", r.Protocol)
	require.Contains(t, []int32{4, 5}, r.ProtocolVersion)
	require.NotNil(t, r.KeepAlive)
	require.NotEmpty(t, r.SourceEventID)
	require.Len(t, r.ChannelID, 32)
	require.WithinRange(t, r.Time, began, time.Now())
	require.WithinRange(t, r.ReceivedAt, r.Time, time.Now())
}

// requirePairs checks that each end event has the same channel, port and start time as the connect
// event directly before it.
func requirePairs(t *testing.T, rows []row) {
	t.Helper()
	channels := map[string]bool{}
	for i, r := range rows {
		if r.Action == "connect" {
			require.False(t, channels[r.ChannelID], "a channel must connect once")
			channels[r.ChannelID] = true
			require.Equal(t, r.Time, *r.ConnectedAt)
			continue
		}
		if i == 0 { // the login was refused, so there is no connect event
			require.Nil(t, r.ConnectedAt)
			continue
		}
		connect := rows[i-1]
		require.Equal(t, connect.ChannelID, r.ChannelID)
		require.Equal(t, connect.PeerPort, r.PeerPort)
		require.Equal(t, connect.ConnectedAt, r.ConnectedAt)
	}
}

// requireNative checks that the native fields contain the broker's own description of the event. It
// checks all rows up to and including the first end or refusal.
func requireNative(t *testing.T, kind string, rows []row) {
	t.Helper()
	for _, r := range rows {
		if r.Action == "connect" {
			require.Equal(t, nativeEnd{"session established", "accepted", noCode}, nativeEndOf(r))
			continue
		}
		require.Equal(t, nativeEnds[kind], nativeEndOf(r))
		return
	}
}

func nativeEndOf(r row) nativeEnd {
	n := nativeEnd{r.NativeEvent, r.NativeReason, noCode}
	if r.ReasonCode != nil {
		n.code = *r.ReasonCode
	}
	return n
}

// requireReceipt checks that the costs in a receipt are plausible, and that the query read only the
// partitions that can hold the device's events.
func requireReceipt(t *testing.T, r receipt, device string, from, to time.Time) {
	t.Helper()
	require.GreaterOrEqual(t, r.Objects, 1)
	require.Greater(t, r.Requests, r.Objects)
	require.Positive(t, r.Bytes)
	require.Positive(t, r.MS)
	require.Equal(t, partitions("local", device, from, to), r.Partitions)
}

// partitions returns the names of an instance's partitions that can hold events of the device in
// the given range.
func partitions(instance, device string, from, to time.Time) (names []string) {
	for _, p := range (layout.Layout{Shards: 16}).PartitionsBetween(event.InstanceID(instance), event.ClientID(device), from, to) {
		names = append(names, p.String())
	}
	return names
}
