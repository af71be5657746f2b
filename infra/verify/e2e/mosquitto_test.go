package e2e

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/demo/ends"
)

// mosquittoKinds returns the ways in which the tests end a connection. Each kind lists the rows
// that must be recorded for the client. In the kind "denied", the client must disconnect by itself,
// because Mosquitto denies the topic but keeps the connection open.
func mosquittoKinds(m *mosquitto) []ends.Kind {
	connected, clean, invalid := ends.Row{Action: "connect", Info: "accepted"},
		ends.Row{Action: "disconnect", Info: "disconnected by client"}, ends.Row{Action: "close", Info: "invalid param"}
	dropped := ends.Row{Action: "close", Info: "closed by client"}
	refused := []ends.Row{{Action: "close", Info: "not authorized"}}
	if m.isBefore(2, 0, 13) {
		refused = nil // refusals are logged without the client identifier
	}
	return []ends.Kind{
		{Name: "refused-password", Run: ends.RefusedPassword, Rows: refused},
		{Name: "clean", Run: ends.Clean, Rows: []ends.Row{connected, clean}},
		{Name: "dropped", Run: ends.Dropped, Rows: []ends.Row{connected, dropped}},
		{Name: "reset", Run: ends.Reset, Rows: []ends.Row{connected, dropped}},
		{Name: "silent", Run: ends.Silent, Rows: []ends.Row{connected, {Action: "close", Info: "no heart"}}},
		{Name: "takeover", Run: ends.Takeover, Rows: []ends.Row{connected, {Action: "close", Info: "clientId conflict"}, connected, clean}},
		{Name: "malformed", Run: ends.Malformed, Rows: []ends.Row{connected, invalid}},
		{Name: "oversize", Run: sends(ends.Packet(0x30, make([]byte, 5_000))), Rows: []ends.Row{connected, invalid}},
		{Name: "malformed-packet", Run: sends(ends.Publish(4, "open/x", 3)), Rows: []ends.Row{connected, invalid}},
		{Name: "second-connect", Run: sends(ends.Connect(m.target(), "other", time.Minute)), Rows: []ends.Row{connected, invalid}},
		{Name: "too-high-qos", Run: sends(ends.Publish(4, "open/x", 2)), Rows: []ends.Row{connected, invalid}},
		{Name: "denied", Run: sends(append(ends.Publish(4, "denied/x", 0), 0xE0, 0)), Rows: []ends.Row{connected, clean}},
		{Name: "odd as id (p2, c1, k1). [x]: 日本 'q'", Run: ends.Dropped, Rows: []ends.Row{connected, dropped}},
		{Name: staysOpen, Run: stays(m), Rows: []ends.Row{connected, {Action: "close", Info: "ServerShutdown"}}},
	}
}

// sends returns a function that connects, sends the given bytes, and waits until the broker closes
// the connection.
func sends(packets []byte) func(context.Context, ends.Target, string) error {
	return func(ctx context.Context, target ends.Target, clientID string) error {
		target.Version = 4
		c, err := ends.Dial(ctx, target, clientID, time.Minute)
		if err != nil {
			return err
		}
		if _, err := c.Write(packets); err != nil {
			return errors.Join(err, c.Close())
		}
		return c.AwaitEnd()
	}
}

// staysOpen is the kind of end whose second row is recorded only when the broker stops.
const staysOpen = "stays"

// stays returns a function that connects and then sends nothing until the broker stops. Mosquitto
// logs nothing about the end of such a connection, but the forwarder knows that it was open.
func stays(m *mosquitto) func(context.Context, ends.Target, string) error {
	return func(ctx context.Context, target ends.Target, clientID string) error {
		c, err := ends.Dial(ctx, target, clientID, time.Hour)
		if err != nil {
			return err
		}
		go func() {
			<-m.exited
			_ = c.Close()
		}()
		return nil
	}
}

// TestMosquittoKindsOfEnd ends connections to a real Mosquitto in many ways and checks which rows
// are recorded. The forwarder reads the events from the broker's log.
func TestMosquittoKindsOfEnd(t *testing.T) {
	t.Parallel()
	s, m := newStack(t), startMosquitto(t)
	f := newForwarder(t, newProxy(t, s), "mosquitto/mosquitto", "-log", m.log)
	f.start(t, "following")
	began := time.Now().Truncate(time.Second)
	kinds := mosquittoKinds(m)
	t.Run("kinds", func(t *testing.T) {
		for _, version := range []byte{4, 5} {
			for _, kind := range kinds {
				t.Run(kind.Name+"-v"+strconv.Itoa(int(version)), func(t *testing.T) {
					t.Parallel()
					target := m.target()
					target.Version = version
					device := mosquittoDevice(kind, version)
					require.NoError(t, kind.Run(t.Context(), target, device))
					rows := len(kind.Rows)
					if kind.Name == staysOpen {
						rows = 1
					}
					s.await(t, question("mosquitto", device, began, time.Now().Add(time.Minute)), rows)
				})
			}
		}
	})
	m.stop(t, syscall.SIGTERM)
	s.requireLast(t, m, began)
	for _, version := range []byte{4, 5} {
		for _, kind := range kinds {
			requireMosquittoRows(t, s, kind, version, began)
		}
	}
	f.stop(t, syscall.SIGTERM)
}

func mosquittoDevice(kind ends.Kind, version byte) string {
	return "GID_e2e@@@" + kind.Name + "-v" + strconv.Itoa(int(version))
}

// requireLast appends one more line to the log of a stopped broker and waits until the event in
// that line is recorded. By then, the events of all earlier lines are recorded as well.
func (s *stack) requireLast(t *testing.T, m *mosquitto, began time.Time) {
	t.Helper()
	appendLine(t, m.log, fmt.Sprintf("%d: Client last disconnected.", time.Now().Unix()))
	s.await(t, question("mosquitto", "last", began, time.Now().Add(time.Minute)), 1)
}

// requireMosquittoRows checks that a client has exactly the rows listed in kind.Rows, and checks
// the columns of each row.
func requireMosquittoRows(t *testing.T, s *stack, kind ends.Kind, version byte, began time.Time) {
	t.Helper()
	device := mosquittoDevice(kind, version)
	rows := s.await(t, question("mosquitto", device, began, time.Now()), len(kind.Rows)).rows(t)
	var got []ends.Row
	for _, r := range rows {
		got = append(got, ends.Row{Action: r.Action, Info: r.ActionInfo})
		require.Equal(t, device, r.ClientID)
		require.Equal(t, "mosquitto", r.Source)
		require.Equal(t, "broker", r.TimeOrigin)
		require.Regexp(t, `^\d+-[0-9a-f]{16}:\d{15}$`, r.SourceEventID)
		require.WithinRange(t, r.Time, began, time.Now())
		if r.Action == "connect" {
			require.Equal(t, "device", r.Username)
			require.Equal(t, "127.0.0.1", r.PeerAddress)
			require.NotZero(t, r.PeerPort)
			// Some kinds of client use the demo's MQTT library, which always connects with version
			// 4.
			require.Contains(t, []int32{4, int32(version)}, r.ProtocolVersion)
			require.NotNil(t, r.KeepAlive)
			require.True(t, *r.CleanStart)
			require.Len(t, r.ChannelID, 32)
		}
	}
	require.Equal(t, kind.Rows, got, device)
}

// TestMosquittoKick disables a connected user, as an operator would. The end of the user's
// connection must be recorded with the action info ServerShutdown.
func TestMosquittoKick(t *testing.T) {
	t.Parallel()
	s, m := newStack(t), startMosquitto(t, dynamicSecurity(t, "device")...)
	f := newForwarder(t, newProxy(t, s), "mosquitto/mosquitto", "-log", m.log)
	f.start(t, "following")
	began := time.Now().Truncate(time.Second)
	device, err := ends.Dial(t.Context(), m.target(), "kicked", time.Minute)
	require.NoError(t, err)
	operator, err := ends.Dial(t.Context(), ends.Target{Address: m.address, User: "operator", Password: "oppass"}, "operator", time.Minute)
	require.NoError(t, err)
	_, err = operator.Write(disable("device"))
	require.NoError(t, err)
	require.NoError(t, device.AwaitEnd())
	require.NoError(t, operator.Close())
	rows := s.await(t, question("mosquitto", "kicked", began, time.Now().Add(time.Minute)), 2).rows(t)
	require.Equal(t, ends.Row{Action: "connect", Info: "accepted"}, ends.Row{Action: rows[0].Action, Info: rows[0].ActionInfo})
	require.Equal(t, ends.Row{Action: "close", Info: "ServerShutdown"}, ends.Row{Action: rows[1].Action, Info: rows[1].ActionInfo})
	require.Equal(t, "administrative action", rows[1].NativeReason)
	f.stop(t, syscall.SIGTERM)
}

// TestMosquittoOutages checks that no row is lost or duplicated when parts of the system fail.
// While clients connect and disconnect, the test stops the stack, kills the forwarder and rotates
// the log. The API must still return exactly two rows for each client.
func TestMosquittoOutages(t *testing.T) {
	t.Parallel()
	s, m := newStack(t), startMosquitto(t)
	front := newProxy(t, s)
	f := newForwarder(t, front, "mosquitto/mosquitto", "-log", m.log, "-gzip")
	f.start(t, "following")
	crowd := newCrowd(m)
	crowd.connect(t, 20)
	s.interrupt(t)
	crowd.connect(t, 20)
	m.rotate(t)
	crowd.connect(t, 10)
	f.kill(t)
	crowd.connect(t, 10)
	f.start(t, "cannot deliver")
	crowd.connect(t, 10)
	f.kill(t)
	s.start(t)
	front.connect(t, s)
	f.start(t, "following")
	crowd.connect(t, 20)
	crowd.requireOnce(t, s)
	f.stop(t, syscall.SIGTERM)
}

// crowd is a group of clients, each of which connects and disconnects once.
type crowd struct {
	m       *mosquitto
	began   time.Time
	clients int
}

func newCrowd(m *mosquitto) *crowd {
	return &crowd{m: m, began: time.Now().Truncate(time.Second)}
}

func (c *crowd) device(i int) string { return fmt.Sprintf("crowd-%d", i) }

// connect makes n more clients connect and disconnect.
func (c *crowd) connect(t *testing.T, n int) {
	t.Helper()
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		device := c.device(c.clients + i)
		all.Go(func() { errs[i] = sends([]byte{0xE0, 0})(t.Context(), c.m.target(), device) })
	}
	all.Wait()
	require.NoError(t, errors.Join(errs...))
	c.clients += n
}

// requireOnce checks that each client has exactly two rows, in the right order.
func (c *crowd) requireOnce(t *testing.T, s *stack) {
	t.Helper()
	to := time.Now().Add(time.Minute)
	s.await(t, question("mosquitto", c.device(c.clients-1), c.began, to), 2)
	for i := range c.clients {
		rows := s.await(t, question("mosquitto", c.device(i), c.began, to), 2).rows(t)
		require.Len(t, rows, 2, c.device(i))
		require.Equal(t, "connect", rows[0].Action)
		require.Equal(t, "disconnect", rows[1].Action)
	}
}
