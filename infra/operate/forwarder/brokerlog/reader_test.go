package brokerlog

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/operate/forwarder/follow"
	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

// result is what the recorder makes of a reader's requests.
type result struct {
	events   []event.Event
	rejected []string // the errors about items that go to quarantine
	bodies   []Body
}

// lines returns the given lines as a log contains them.
func lines(texts ...string) []byte { return []byte(strings.Join(texts, "\n") + "\n") }

// readAll has a reader read lines of the log named "log", and passes its requests to the recorder's
// decoders.
func readAll(t *testing.T, r Reader, offset int64, text []byte) (got result) {
	t.Helper()
	var read follow.Chunk
	got.bodies, read = r.Read(follow.Chunk{Log: "log", Offset: offset, Lines: text})
	require.Equal(t, string(text), string(read.Lines))
	for _, body := range got.bodies {
		name, position := broker.Events, ""
		if !body.IsEvents {
			name, position = broker.Mosquitto, body.Position()
		}
		source, ok := broker.Find(name)
		require.True(t, ok)
		batch := source.Decode(body.Lines, broker.Meta{InstanceID: "i", ReceivedAt: now, Position: position})
		got.events = append(got.events, batch.Events...)
		for _, rejection := range batch.Rejected {
			got.rejected = append(got.rejected, rejection.Field+" "+rejection.Error)
		}
	}
	return got
}

// now is when the recorder receives the requests.
var now = time.Date(2026, 11, 29, 3, 0, 0, 0, time.UTC)

// short is the part of an event that most tests compare.
type short struct {
	ClientID     string
	Action, Info string
	Reason       string // the native reason
}

func shortened(events []event.Event) (rows []short) {
	for _, e := range events {
		rows = append(rows, short{string(e.ClientID), string(e.Action), string(e.ActionInfo), e.NativeReason})
	}
	return rows
}

// restarted returns a new reader with the state of another one, as after a restart.
func restarted(t *testing.T, name string, r Reader) Reader {
	t.Helper()
	snapshot, err := r.Snapshot()
	require.NoError(t, err)
	again, err := New(name)
	require.NoError(t, err)
	require.NoError(t, again.Restore(snapshot))
	return again
}

func TestStatesOfAnotherBroker(t *testing.T) {
	for _, name := range []string{Mosquitto, RabbitMQ} {
		r, err := New(name)
		require.NoError(t, err)
		snapshot, err := r.Snapshot()
		require.NoError(t, err)
		for _, other := range []string{Mosquitto, RabbitMQ, HiveMQ} {
			r, err := New(other)
			require.NoError(t, err)
			if err := r.Restore(snapshot); other == name {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, follow.ErrOtherState)
			}
		}
	}
}

// A damaged state must be an error and must change nothing.
func TestDamagedStates(t *testing.T) {
	for _, name := range []string{Mosquitto, RabbitMQ, HiveMQ} {
		for _, state := range []string{
			"5", `"x"`, "[]", "{}", `{"broker":5}`, `{"broker":"` + name + `","open":5}`, `{"broker":"` + name + `","open":[5]}`,
			`{"broker":"` + name + `","open":{"a":5}}`, `{"broker":"` + name + `","open":{"a":{}}}`,
		} {
			if name == HiveMQ && strings.Contains(state, "open") {
				continue // has no state of its own
			}
			r, err := New(name)
			require.NoError(t, err)
			before, err := r.Snapshot()
			require.NoError(t, err)
			err = r.Restore(json.RawMessage(state))
			require.Error(t, err, name+state)
			require.NotErrorIs(t, err, follow.ErrOtherState, name+state)
			after, err := r.Snapshot()
			require.NoError(t, err)
			require.Equal(t, string(before), string(after))
		}
	}
}

func TestPlainLines(t *testing.T) {
	r, err := New(HiveMQ)
	require.NoError(t, err)
	chunk := follow.Chunk{Log: "log", Offset: 7, Lines: lines("a", "b"), Full: true}
	bodies, read := r.Read(chunk)
	require.Equal(t, chunk, read)
	require.Equal(t, []Body{{Log: "log", Offset: 7, Lines: chunk.Lines}}, bodies)
	snapshot, err := r.Snapshot()
	require.NoError(t, err)
	require.Nil(t, snapshot)
}

func TestSplit(t *testing.T) {
	for name, c := range map[string]struct {
		limit       int
		first, rest string
	}{
		"whole":         {9, "aa\nbbb\nc\n", ""},
		"at a line":     {7, "aa\nbbb\n", "c\n"},
		"in a line":     {8, "aa\nbbb\n", "c\n"},
		"one line":      {3, "aa\n", "bbb\nc\n"},
		"less than one": {1, "aa\n", "bbb\nc\n"},
		"nothing":       {0, "aa\n", "bbb\nc\n"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, isEvents := range []bool{false, true} {
				body := Body{IsEvents: isEvents, Log: "log", Offset: 7, Lines: []byte("aa\nbbb\nc\n")}
				first, rest := body.Split(c.limit)
				require.Equal(t, c.first, string(first.Lines))
				require.Equal(t, c.rest, string(rest.Lines))
				require.Equal(t, "log:7", first.Position())
				if !isEvents {
					require.Equal(t, int64(7+len(c.first)), rest.Offset)
				}
			}
		})
	}
}

// The recorder and the forwarder must give the same identifier to the event of a line.
func TestEventID(t *testing.T) {
	source, _ := broker.Find(broker.Mosquitto)
	body := "1795917600: Client a disconnected.\n1795917600: Client b disconnected.\n"
	batch := source.Decode([]byte(body), broker.Meta{InstanceID: "i", ReceivedAt: now, Position: "log:77"})
	require.Len(t, batch.Events, 2)
	require.Equal(t, "log:000000000000077", batch.Events[0].SourceEventID)
	require.Equal(t, "log:000000000000112", batch.Events[1].SourceEventID)
	require.Equal(t, "log:000000000000112", broker.LineID("log", 77+35))
}

// Each body of events must have a limited size.
func TestBodiesAreLimited(t *testing.T) {
	var b bodies
	for i := range 3 * maxEvents {
		b.add(row{ClientID: strings.Repeat("x", i%200)}, "log", int64(i))
	}
	n := 0
	for _, body := range b.list {
		require.LessOrEqual(t, body.Count(), maxEvents)
		require.Less(t, len(body.Lines), maxBody+1_000)
		for line := range strings.Lines(string(body.Lines)) {
			require.True(t, json.Valid([]byte(line)))
			n++
		}
	}
	require.Equal(t, 3*maxEvents, n)
}
