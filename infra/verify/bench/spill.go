package main

import (
	"bufio"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"devicetrace/infra/local/sim"
	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/segment"
)

// today is the day that all events are of: a past one, so that it is closed.
var today = time.Date(2025, 11, 20, 0, 0, 0, 0, time.UTC)

const (
	fleetSeed       = 1
	eventsPerDevice = 10
	spillShards     = 16
	manyDevices     = 2000 // whose histories are asked for
)

// device is one whose day is asked for.
type device struct{ instance, client string }

// spill is the whole day in files, one a shard of 16, each in the order of arrival:
// a day of ten million events is never in memory at once.
type spill struct {
	files   [spillShards]string
	rows    int64
	devices []device // some, drawn by the hash of their names
}

// devices is how many the fleet has.
func (b *bench) devices() int { return max(int(b.scale*1e6), 20) }

// day is the spilled day, made when it is first asked for.
func (b *bench) spill(ctx context.Context) (*spill, error) {
	if b.spilled != nil {
		return b.spilled, nil
	}
	dir, err := b.folder("spill")
	if err != nil {
		return nil, err
	}
	s := &spill{}
	if err := b.writeSpill(ctx, s, dir); err != nil {
		return nil, err
	}
	for shard := range s.files {
		if err := sortFile(s.files[shard]); err != nil {
			return nil, err
		}
	}
	b.say("%s events of %s devices made", thousands(strconv.FormatInt(s.rows, 10)), thousands(strconv.Itoa(b.devices())))
	b.spilled = s
	return s, nil
}

func (b *bench) writeSpill(ctx context.Context, s *spill, dir string) error {
	var out [spillShards]*rowWriter
	for shard := range out {
		s.files[shard] = filepath.Join(dir, fmt.Sprintf("%x", shard))
		var err error
		if out[shard], err = newRowWriter(s.files[shard]); err != nil {
			return err
		}
		defer out[shard].close()
	}
	if err := b.fill(ctx, s, &out); err != nil {
		return err
	}
	for _, w := range out {
		if err := w.close(); err != nil {
			return err
		}
	}
	return nil
}

// fill sends each event to the file of its shard.
func (b *bench) fill(ctx context.Context, s *spill, out *[spillShards]*rowWriter) error {
	pick := newPicker(b.devices(), manyDevices)
	shard, last := 0, ""
	for e := range sim.Day(sim.Config{Seed: fleetSeed, Day: today, Devices: b.devices(), EventsPerDevice: eventsPerDevice}) {
		if string(e.ClientID) != last {
			last, shard = string(e.ClientID), shardOf16(string(e.ClientID))
			if pick.takes(last) {
				s.devices = append(s.devices, device{string(e.InstanceID), string(e.ClientID)})
			}
		}
		if err := out[shard].write(segment.FromEvent(&e)); err != nil {
			return err
		}
		if s.rows++; s.rows%500_000 == 0 {
			b.say("%s events", thousands(strconv.FormatInt(s.rows, 10)))
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	return nil
}

func shardOf16(client string) int {
	n, _ := strconv.ParseUint(string(layout.Layout{Shards: spillShards}.ShardOf(event.ClientID(client))), 16, 8)
	return int(n)
}

// picker draws about so many of all devices by the hash of their names: the same ones
// in every run.
type picker struct{ below uint64 }

func newPicker(all, some int) picker {
	if all <= some {
		return picker{1 << 32}
	}
	return picker{uint64(some) << 32 / uint64(all)}
}

func (p picker) takes(client string) bool {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(client))
	return hash.Sum64()*0x9E3779B97F4A7C15>>32 < p.below
}

// arrival is the order in which rows reach a recorder.
func arrival(a, b segment.Row) int {
	return int(a.Time + a.ReceivedDelay - b.Time - b.ReceivedDelay)
}

func sortFile(path string) error {
	rows, err := readRows(path)
	if err != nil {
		return err
	}
	slices.SortStableFunc(rows, arrival)
	w, err := newRowWriter(path)
	if err != nil {
		return err
	}
	for i := range rows {
		if err := w.write(rows[i]); err != nil {
			return errors.Join(err, w.close())
		}
	}
	return w.close()
}

// arriving is all rows of the day, in the order of arrival.
func (s *spill) arriving() iter.Seq2[segment.Row, error] {
	return func(yield func(segment.Row, error) bool) {
		heads := make([]*rowReader, 0, len(s.files))
		for _, file := range s.files {
			r, err := newRowReader(file)
			if err != nil {
				yield(segment.Row{}, err)
				return
			}
			defer r.close()
			if r.advance() {
				heads = append(heads, r)
			}
		}
		for len(heads) > 0 {
			first := 0
			for i := range heads {
				if arrival(heads[i].row, heads[first].row) < 0 {
					first = i
				}
			}
			if !yield(heads[first].row, nil) {
				return
			}
			if !heads[first].advance() {
				if err := heads[first].err; err != nil {
					yield(segment.Row{}, err)
					return
				}
				heads = slices.Delete(heads, first, first+1)
			}
		}
	}
}

// events is a shard of 16, in the order of arrival.
func (s *spill) events(shard int) ([]event.Event, error) {
	rows, err := readRows(s.files[shard])
	events := make([]event.Event, len(rows))
	for i := range rows {
		events[i] = rows[i].Event()
	}
	return events, err
}

// rowWriter writes rows to a file that only this program reads.
type rowWriter struct {
	file    *os.File
	buffer  *bufio.Writer
	encoder *gob.Encoder
}

func newRowWriter(path string) (*rowWriter, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	buffer := bufio.NewWriterSize(file, 1<<18)
	return &rowWriter{file, buffer, gob.NewEncoder(buffer)}, nil
}

func (w *rowWriter) write(r segment.Row) error { return w.encoder.Encode(&r) }

// close may be called more than once.
func (w *rowWriter) close() error {
	if w.file == nil {
		return nil
	}
	err := errors.Join(w.buffer.Flush(), w.file.Close())
	w.file = nil
	return err
}

type rowReader struct {
	file    *os.File
	decoder *gob.Decoder
	row     segment.Row
	err     error
}

func newRowReader(path string) (*rowReader, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return &rowReader{file: file, decoder: gob.NewDecoder(bufio.NewReaderSize(file, 1<<18))}, nil
}

// advance reads the next row, and reports whether there is one.
func (r *rowReader) advance() bool {
	r.row = segment.Row{} // zero values are not in the file
	err := r.decoder.Decode(&r.row)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return err == nil
}

func (r *rowReader) close() { _ = r.file.Close() }

func readRows(path string) (rows []segment.Row, err error) {
	r, err := newRowReader(path)
	if err != nil {
		return nil, err
	}
	defer r.close()
	for r.advance() {
		rows = append(rows, r.row)
	}
	return rows, r.err
}
