package record_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/record"
	"devicetrace/pkg/segment"
)

// large returns n events, all in one partition, each taking about 1 KiB of memory.
func large(n int) []event.Event {
	events := make([]event.Event, n)
	for i := range events {
		events[i] = at("c", i)
		events[i].Username = fmt.Sprintf("%d %s", i, strings.Repeat("u", 500))
	}
	return events
}

// A put adds at most 4 MiB of rows to its run, so a larger batch takes several puts. Here, each put
// ends its run, because it adds more than RunRows rows.
func TestALargeBatchIsSplit(t *testing.T) {
	store := objstore.NewCounting(memstore.New())
	w := newWriter(t, store, record.Config{})
	require.NoError(t, w.Append(t.Context(), []event.Event{at("c", 100_000)}))
	store.Reset()
	batch := large(12_000)
	require.NoError(t, w.Append(t.Context(), batch))
	puts := store.Of(objstore.OpPut)
	var total int64
	seen := map[string]bool{}
	for _, put := range puts {
		var size int64
		for _, row := range rows(t, store, put.Key) {
			e := row.Event("")
			seen[e.Username] = true
			size += event.Size(&e)
		}
		require.LessOrEqual(t, size, int64(record.MaxCommit+1<<10))
		total += size
	}
	require.Len(t, seen, 1+len(batch))
	require.Len(t, puts, int(total/record.MaxCommit)+1)
	require.Zero(t, w.Open())
}

// Two events share a put only if they take at most 4 MiB together. An event larger than 4 MiB gets
// a put of its own.
func TestEventsOfFourMebibytesShareAPut(t *testing.T) {
	for more, puts := range map[int]int{0: 1, 1: 2, record.MaxCommit: 2} {
		store, events := memstore.New(), []event.Event{at("c", 0), at("c", 1)}
		rest := record.MaxCommit + more
		for _, e := range events {
			e.InstanceID = "" // rows do not contain it
			rest -= int(event.Size(&e))
		}
		events[0].Username = strings.Repeat("u", rest)
		require.NoError(t, newWriter(t, store, record.Config{}).Append(t.Context(), events))
		require.Len(t, keys(t, store), puts)
	}
}

// A batch is acknowledged only after all of its puts are confirmed.
func TestEveryPutOfALargeBatchMustSucceed(t *testing.T) {
	for failing := range 3 {
		puts := 0
		faulty := objstore.NewFaulty(memstore.New(), failPuts(func(n int) bool {
			puts = n
			return n == failing+1
		}))
		w := newWriter(t, faulty, record.Config{})
		require.ErrorIs(t, w.Append(t.Context(), large(12_000)), objstore.ErrFault)
		require.Equal(t, failing+1, puts)
		require.NoError(t, w.Append(t.Context(), large(12_000)))
	}
}

func TestTooManyPartitions(t *testing.T) {
	store := objstore.NewCounting(memstore.New())
	w := newWriter(t, store, record.Config{Shards: 4096})
	require.NoError(t, w.Claim(t.Context()))
	store.Reset()
	var events []event.Event
	touched := map[layout.Partition]bool{}
	for i := 0; len(touched) < record.MaxPartitions; i++ {
		e := at(fmt.Sprint("client", i), 0)
		events = append(events, e)
		touched[layout.Layout{Shards: 4096}.PartitionOf(e.InstanceID, e.ClientID, e.Time)] = true
	}
	nextDay := at("client0", 24*60*60*1000)
	err := w.Append(t.Context(), append(events, nextDay))
	var spread *record.SpreadError
	require.ErrorAs(t, err, &spread)
	require.Equal(t, record.MaxPartitions+1, spread.Partitions)
	require.Equal(t, "the events belong to 257 partitions; at most 256 are allowed", err.Error())
	require.Zero(t, store.Requests(), "nothing is stored")

	require.NoError(t, w.Append(t.Context(), events))
	require.Len(t, store.Of(objstore.OpPut), record.MaxPartitions)
	require.Equal(t, record.MaxPartitions, store.Requests())
}

// If anything on the way to a confirmed put fails, Append must return an error. A later call must
// succeed, because it starts a new run.
func TestNothingIsAcknowledgedAfterAnError(t *testing.T) {
	broken := errors.New("broken")
	down := true
	isDown := func() error {
		if down {
			return broken
		}
		return nil
	}
	for name, c := range map[string]struct {
		fault  func(objstore.Call) error
		random io.Reader
		encode func([]segment.Row) ([]byte, error)
		puts   int // the number of segment puts that must begin
	}{
		"the layout cannot be listed": {fault: func(c objstore.Call) error {
			if c.Op == objstore.OpList && strings.HasPrefix(c.Key, layout.MarkerPrefix) {
				return isDown()
			}
			return nil
		}},
		"the layout cannot be put": {fault: func(c objstore.Call) error {
			if c.Op == objstore.OpPut && c.N == 0 {
				return isDown()
			}
			return nil
		}},
		"no random bits": {random: failingReader(isDown)},
		"the rows cannot be encoded": {encode: func(rows []segment.Row) ([]byte, error) {
			if down {
				return []byte("half a segment"), broken
			}
			return segment.Encode(rows)
		}},
		"the put fails": {puts: 1, fault: func(c objstore.Call) error {
			if isSegmentPut(c) {
				return isDown()
			}
			return nil
		}},
	} {
		t.Run(name, func(t *testing.T) {
			down = true
			if c.encode != nil {
				record.SetEncode(t, c.encode)
			}
			puts := 0
			faulty := objstore.NewFaulty(memstore.New(), func(call objstore.Call) (fault objstore.Fault) {
				if isSegmentPut(call) {
					puts++
				}
				if c.fault != nil {
					fault.Before = c.fault(call)
				}
				return fault
			})
			w := newWriter(t, faulty, record.Config{Random: c.random})
			require.ErrorIs(t, w.Append(t.Context(), []event.Event{at("c", 0)}), broken)
			require.Equal(t, c.puts, puts)
			require.Empty(t, keys(t, faulty))
			down = false
			require.NoError(t, w.Append(t.Context(), []event.Event{at("c", 0)}))
			require.Len(t, keys(t, faulty), 1)
		})
	}
}

// failingReader is a source of random bits. Read fills the buffer with zeros, unless the function
// returns an error.
type failingReader func() error

func (f failingReader) Read(p []byte) (int, error) {
	if err := f(); err != nil {
		return 0, err
	}
	clear(p)
	return len(p), nil
}

// If a commit fails in any way, each caller in the batch gets an error.
func TestCallersShareAnError(t *testing.T) {
	for want, fail := range map[string]func(){
		objstore.ErrFault.Error():       func() {},
		"boom":                          func() { panic("boom") },
		"the events were not committed": runtime.Goexit,
	} {
		t.Run(want, func(t *testing.T) {
			faulty, entered, gate := gated(memstore.New())
			w := newWriter(t, faulty, record.Config{})
			errs := make(chan error)
			add := func(i int) {
				err := errors.New(want) // the result if Goexit ends this goroutine
				defer func() { errs <- err }()
				err = w.Append(t.Context(), []event.Event{at("c", i)})
			}
			go add(0)
			<-entered
			for i := range 5 {
				go add(1 + i)
			}
			eventually(t, func() bool { return w.Gathered() == 5 })
			record.SetEncode(t, func([]segment.Row) ([]byte, error) {
				fail()
				return nil, objstore.ErrFault
			})
			close(gate)
			failed := 0
			for range 6 {
				if err := <-errs; err != nil {
					require.ErrorContains(t, err, want)
					failed++
				}
			}
			require.Equal(t, 5, failed)
		})
	}
}

// If a caller's deadline passes before the put begins, Append returns an error and stores nothing.
func TestACallWithoutTimeIsNotAcknowledged(t *testing.T) {
	ctx, cancel := context.WithDeadline(t.Context(), time.Now())
	defer cancel()
	store := memstore.New()
	w := newWriter(t, store, record.Config{})
	require.NoError(t, w.Claim(t.Context()))
	require.Error(t, w.Append(ctx, []event.Event{at("c", 0)}))
	require.Empty(t, keys(t, store))
}

func TestEncodersAreBounded(t *testing.T) {
	var inside, most atomic.Int32
	full := make(chan struct{})
	record.SetEncode(t, func(rows []segment.Row) ([]byte, error) {
		n := inside.Add(1)
		defer inside.Add(-1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		if n == record.MaxEncoders && most.Load() == n {
			select {
			case <-full:
			default:
				close(full)
			}
		}
		<-full
		return segment.Encode(rows)
	})
	require.NoError(t, newWriter(t, memstore.New(), record.Config{Shards: 256}).Append(t.Context(), clients(300)))
	require.EqualValues(t, record.MaxEncoders, most.Load())
}
