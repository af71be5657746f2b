package e2e

import (
	"context"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/demo/ends"
)

// rabbitMQKinds lists the ways in which the tests end a connection, and the rows that must be
// recorded for each.
func rabbitMQKinds() []ends.Kind {
	connected, clean := ends.Row{Action: "connect", Info: "accepted"}, ends.Row{Action: "disconnect", Info: "disconnected by client"}
	end := func(info string) ends.Row { return ends.Row{Action: "close", Info: info} }
	return []ends.Kind{
		{Name: "refused-password", Run: ends.RefusedPassword},
		{Name: "clean", Run: ends.Clean, Rows: []ends.Row{connected, clean}},
		{Name: "dropped", Run: ends.Dropped, Rows: []ends.Row{connected, end("closed by client")}},
		{Name: "reset", Run: ends.Reset, Rows: []ends.Row{connected, end("closed by client")}},
		{Name: "silent", Run: ends.Silent, Rows: []ends.Row{connected, end("no heart")}},
		{Name: "takeover", Run: ends.Takeover, Rows: []ends.Row{connected, end("clientId conflict"), connected, clean}},
		{Name: "denied", Run: ends.Denied, Rows: []ends.Row{connected, end("topic auth failed")}},
		{Name: "odd, client id: (x). -> 日本 👍 'q' \"é\"", Run: ends.Dropped, Rows: []ends.Row{connected, end("closed by client")}},
		{Name: "two\nlines", Run: ends.Dropped, Rows: []ends.Row{connected, end("closed by client")}},
	}
}

// TestRabbitMQ ends connections to a real RabbitMQ in many ways, and checks which rows are
// recorded. The forwarder reads the broker's log and sends events. Meanwhile, the log is rotated,
// and the forwarder and the broker are killed.
func TestRabbitMQ(t *testing.T) {
	t.Parallel()
	s, r := newStack(t), newRabbitMQ(t)
	f := newForwarder(t, newProxy(t, s), "events/rabbitmq", "-broker", "rabbitmq", "-log", r.log)
	f.start(t, "following")
	r.start(t)
	began := time.Now().Truncate(time.Second)
	kinds := rabbitMQKinds()
	t.Run("kinds", func(t *testing.T) {
		for _, kind := range kinds {
			t.Run(kind.Name, func(t *testing.T) {
				t.Parallel()
				require.NoError(t, kind.Run(t.Context(), r.target(), kind.Name))
				s.await(t, question("rabbitmq", kind.Name, began, time.Now().Add(time.Minute)), len(kind.Rows))
			})
		}
	})
	for _, kind := range kinds {
		requireRabbitMQRows(t, s, kind, began)
	}

	stay := func(client string) {
		c, err := ends.Dial(context.WithoutCancel(t.Context()), r.target(), client, time.Hour)
		require.NoError(t, err)
		t.Cleanup(func() { _ = c.Close() })
		s.await(t, question("rabbitmq", client, began, time.Now().Add(time.Minute)), 1)
	}
	stay("killed")
	f.kill(t)
	require.NoError(t, os.Rename(r.log, r.log+".1"))
	r.kill(t)
	f.start(t, "following")
	r.start(t)
	requireRabbitMQEnd(t, s, "killed", "broker started", began)
	stay("stopped")
	r.stop(t, syscall.SIGTERM)
	requireRabbitMQEnd(t, s, "stopped", "broker stopped", began)
	f.stop(t, syscall.SIGTERM)
}

// requireRabbitMQRows checks that a client has exactly the rows listed in kind.Rows, and that the
// two rows of a connection have the same channel. RabbitMQ may log a takeover before or after the
// new connection.
func requireRabbitMQRows(t *testing.T, s *stack, kind ends.Kind, began time.Time) {
	t.Helper()
	var got []ends.Row
	channels := map[string]int{}
	for _, row := range s.trace(t, question("rabbitmq", kind.Name, began, time.Now())).rows(t) {
		got = append(got, ends.Row{Action: row.Action, Info: row.ActionInfo})
		channels[row.ChannelID]++
		require.Equal(t, kind.Name, row.ClientID)
		require.Equal(t, "rabbitmq", row.Source)
		require.Equal(t, "broker", row.TimeOrigin)
		require.Equal(t, "127.0.0.1", row.PeerAddress)
		require.NotZero(t, row.PeerPort)
		require.Regexp(t, `^[0-9T:+.-]+-[0-9a-f]{16}:\d{15}$`, row.SourceEventID)
		require.WithinRange(t, row.Time, began, time.Now())
	}
	require.ElementsMatch(t, kind.Rows, got, kind.Name)
	for channel, n := range channels {
		require.Equal(t, 2, n, channel)
	}
}

// requireRabbitMQEnd checks that a client's connection ended because the broker stopped or started.
func requireRabbitMQEnd(t *testing.T, s *stack, client, native string, began time.Time) {
	t.Helper()
	rows := s.await(t, question("rabbitmq", client, began, time.Now().Add(time.Minute)), 2).rows(t)
	require.Equal(t, "ServerShutdown", rows[1].ActionInfo)
	require.Equal(t, native, rows[1].NativeEvent)
	require.Equal(t, rows[0].ChannelID, rows[1].ChannelID)
}
