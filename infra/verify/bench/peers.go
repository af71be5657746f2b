package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"devicetrace/pkg/query"
	"devicetrace/pkg/segment"
)

// errNotHere is a peer that is not installed on this machine.
var errNotHere = errors.New("not installed here")

// peer is another way to keep the same rows and answer the same questions.
type peer interface {
	name() string
	// load takes all rows and makes them ready to be asked for.
	load(ctx context.Context, rows iter.Seq2[segment.Row, error]) error
	// bytes is what it takes on disk, indexes included.
	bytes(ctx context.Context) (int64, error)
	// ask is all rows of a device on that day, by time.
	ask(ctx context.Context, d device) ([]segment.Row, error)
	// questions is how many it is asked, at most.
	questions() int
	close()
}

// columns of a table with all that a row holds.
var columns = []struct{ name, kind string }{
	{"client_id", "text"}, {"instance_id", "text"}, {"time", "bigint"}, {"action", "text"}, {"action_info", "text"},
	{"channel_id", "text"}, {"native_event", "text"}, {"native_reason", "text"}, {"reason_code", "integer"},
	{"connected_at", "bigint"}, {"received_delay_ms", "bigint"}, {"peer_address", "text"}, {"peer_port", "integer"},
	{"username", "text"}, {"node", "text"}, {"protocol", "text"}, {"protocol_version", "integer"}, {"keep_alive", "integer"},
	{"clean_start", "integer"}, {"source", "text"}, {"source_event_id", "text"}, {"time_origin", "text"},
}

// places are where a row's columns are, for reading and writing.
func places(r *segment.Row) []any {
	return []any{
		&r.ClientID, &r.InstanceID, &r.Time, &r.Action, &r.ActionInfo,
		&r.ChannelID, &r.NativeEvent, &r.NativeReason, &r.ReasonCode,
		&r.ConnectedAt, &r.ReceivedDelay, &r.PeerAddress, &r.PeerPort,
		&r.Username, &r.Node, &r.Protocol, &r.ProtocolVersion, &r.KeepAlive,
		&r.CleanStart, &r.Source, &r.SourceEventID, &r.TimeOrigin,
	}
}

// rowsIn are the rows of an engine's answer.
func rowsIn(answer interface {
	Next() bool
	Scan(to ...any) error
	Err() error
}) (found []segment.Row, err error) {
	for answer.Next() {
		var r segment.Row
		if err := answer.Scan(places(&r)...); err != nil {
			return nil, err
		}
		found = append(found, r)
	}
	return found, answer.Err()
}

// columnList joins something of every column.
func columnList(of func(i int) string) (list string) {
	for i := range columns {
		if i > 0 {
			list += ", "
		}
		list += of(i)
	}
	return list
}

func columnNames() string { return columnList(func(i int) string { return columns[i].name }) }

func createTable() string {
	return "CREATE TABLE events (" + columnList(func(i int) string {
		return columns[i].name + " " + columns[i].kind + " NOT NULL"
	}) + ")"
}

const createIndex = "CREATE INDEX events_by_client ON events (client_id, time)"

// dayOfDevice is the question, with the four values that daySpan gives.
func dayOfDevice(parameter func(n int) string) string {
	return "SELECT " + columnNames() + " FROM events WHERE client_id = " + parameter(1) + " AND instance_id = " + parameter(2) +
		" AND time BETWEEN " + parameter(3) + " AND " + parameter(4) + " ORDER BY time"
}

func daySpan(d device) []any {
	q := question(d)
	return []any{d.client, d.instance, q.From.UnixMilli(), q.To.UnixMilli()}
}

// ours is what the peers are compared with: warm, in process, on local disk.
type ours struct {
	reader  *query.Reader
	p50     float64 // ms
	bytes   int64
	bytes16 int64 // of the same rows in 16 shards; 0 is not known
	rows    int64
}

// peers asks other engines the same questions about the same day.
func (b *bench) peers(ctx context.Context) error {
	d, err := b.dayOf(ctx, 256)
	if err != nil {
		return err
	}
	us, err := b.measureOurs(ctx, d)
	if err != nil {
		return err
	}
	for _, p := range []peer{newPostgres(b), newSQLite(b), newPlainDuck(b)} {
		if err := b.loaded(ctx, p, us, d); err != nil {
			return err
		}
	}
	return b.duckOnOurs(ctx, us, d)
}

func (b *bench) measureOurs(ctx context.Context, d *day) (us ours, err error) {
	if us.reader, err = query.New(d.store, query.Config{}); err != nil {
		return us, err
	}
	warm, err := timeWarm(ctx, d.store, b.draw(d.devices, timedQueries))
	if err != nil {
		return us, err
	}
	us.p50, us.bytes, us.rows = warm.percentile(50), d.live.bytes, d.rows
	if sixteen := b.days[16]; sixteen != nil {
		us.bytes16 = sixteen.live.bytes
	}
	b.show("ours, 256 shards: recording and compacting, CPU", (d.record + d.compact).Seconds(), "s")
	b.show("ours, 256 shards: on disk", float64(us.bytes)/float64(us.rows), "B/event")
	b.show("ours, 256 shards, warm, local disk: p50", us.p50, "ms")
	b.show("ours, 256 shards, warm, local disk: p99", warm.percentile(99), "ms")
	return us, nil
}

// loaded loads a peer and asks it.
func (b *bench) loaded(ctx context.Context, p peer, us ours, d *day) error {
	defer p.close()
	began := time.Now()
	err := p.load(ctx, b.spilled.arriving())
	if errors.Is(err, errNotHere) {
		b.note(p.name(), err.Error())
		return nil
	}
	if err != nil {
		return fmt.Errorf("load %s: %w", p.name(), err)
	}
	b.show(p.name()+": load", time.Since(began).Seconds(), "s")
	size, err := p.bytes(ctx)
	if err != nil {
		return err
	}
	b.show(p.name()+": on disk", float64(size)/float64(us.rows), "B/event")
	smaller := figure{}
	if p.name() == postgresName {
		smaller = atLeast(20).when(b.scale >= 0.9, "holds for 10 M events a day")
	}
	b.add(p.name()+": on disk, to ours", float64(size)/float64(us.bytes), "times", smaller)
	if us.bytes16 > 0 {
		b.add(p.name()+": on disk, to ours in 16 shards", float64(size)/float64(us.bytes16), "times", smaller)
	}
	return b.compare(ctx, p.name(), p.ask, us, b.draw(d.devices, p.questions()), figure{})
}

// compare checks a peer's answers, and then times them.
func (b *bench) compare(ctx context.Context, name string, askPeer func(context.Context, device) ([]segment.Row, error), us ours, devices []device, times figure) error {
	rows := 0
	for _, d := range devices {
		n, err := sameAnswer(ctx, askPeer, us.reader, d)
		if err != nil {
			return fmt.Errorf("ask %s: %w", name, err)
		}
		rows += n
	}
	took, err := timeEach(len(devices), func(i int) error {
		_, err := askPeer(ctx, devices[i])
		return err
	})
	if err != nil {
		return err
	}
	b.show(name+": rows equal to ours", float64(rows), "rows")
	b.show(name+": p50", took.percentile(50), "ms")
	b.show(name+": p99", took.percentile(99), "ms")
	b.add(name+": p50, to ours", took.percentile(50)/us.p50, "times", times)
	return nil
}

// sameAnswer is how many rows both give for a device.
func sameAnswer(ctx context.Context, askPeer func(context.Context, device) ([]segment.Row, error), reader *query.Reader, d device) (int, error) {
	events, err := ask(ctx, reader, d)
	if err != nil {
		return 0, err
	}
	theirs, err := askPeer(ctx, d)
	if err != nil {
		return 0, err
	}
	our := segment.FromEvents(events)
	if theirs = segment.Distinct(theirs); !slices.Equal(our, theirs) {
		return 0, fmt.Errorf("%d rows of %q, we have %d, or they differ", len(theirs), d.client, len(our))
	}
	return len(our), nil
}
