package query

import (
	"bytes"
	"container/heap"
	"context"
	"errors"
	"io"

	"devicetrace/pkg/segment"
	"devicetrace/pkg/summary"
)

// rowsPart is a part whose rows are merged and added up.
type rowsPart struct {
	partition *fleetPartition
	objects   []*fleetObject
	first     *rowStream // the stream that adds up the rows; nil until they are read
	again     *rowStream // a second stream of the devices, or nil
	// folded is the table of the devices, or nil. It makes it unnecessary to read the rows of
	// several parts at the same time; see fold.
	folded *summary.DeviceTable
}

// devices returns a stream of the devices. The second stream reads the rows again, unless they were
// folded.
func (r *rowsPart) devices(match *DeviceMatch, only []string) deviceStream {
	if r.folded != nil {
		return &tableStream{damaged: r.damaged, table: r.folded, match: match, only: only}
	}
	if r.first == nil {
		r.begin()
		return r.first
	}
	r.again = r.open()
	r.again.fold = summary.NewDeviceFold(r.again.take)
	return r.again
}

// fold reads the rows and keeps the devices as an encoded table, which takes much less memory than the
// rows. It releases the memory of the rows.
func (r *rowsPart) fold(ctx context.Context) error {
	r.begin()
	var table bytes.Buffer
	w := summary.NewDeviceWriter(&table)
	for {
		d, err := r.first.next(ctx)
		if err == nil && d != nil {
			err = w.Add(d)
		}
		if err != nil {
			return err
		}
		if d == nil {
			break
		}
	}
	r.close()
	if err := w.Close(); err != nil {
		return err
	}
	var err error
	r.folded, err = summary.OpenDevices(table.Bytes())
	return err
}

// damaged notes that the devices could not be decoded, although this process has encoded them.
func (r *rowsPart) damaged(err error) { r.partition.leaveOut(r.objects[0].segment.Key, err) }

// foldRows folds the parts of a shard that have rows, one after another, if the rows of all of them
// might take more than rowsMemory.
func foldRows(ctx context.Context, parts []fleetPart) error {
	var all []*rowsPart
	var memory int64
	for _, part := range parts {
		if r, ok := part.(*rowsPart); ok {
			all, memory = append(all, r), memory+r.memory()
		}
	}
	if len(all) < 2 || memory <= rowsMemory {
		return nil
	}
	for _, r := range all {
		if err := r.fold(ctx); err != nil {
			return err
		}
	}
	return nil
}

// memory returns the approximate memory, in bytes, that the merge of the rows takes.
func (r *rowsPart) memory() (size int64) {
	for _, o := range r.objects {
		size += o.footer.MergeMemory()
	}
	return size
}

// begin opens the first stream.
func (r *rowsPart) begin() {
	r.first = r.open()
	if r.partition.fleet.request.needsDevices() {
		r.first.fold = summary.NewDeviceFold(r.first.take)
	} else {
		r.first.fold = summary.NewFold(false)
	}
}

func (r *rowsPart) open() *rowStream {
	return &rowStream{merge: rowMerge{partition: r.partition, objects: r.objects}}
}

func (r *rowsPart) sums(ctx context.Context) (*summary.Sums, error) {
	if r.first == nil {
		r.begin()
	}
	for {
		if d, err := r.first.next(ctx); d == nil {
			return r.first.sums, err
		}
	}
}

func (r *rowsPart) close() {
	for _, s := range []*rowStream{r.first, r.again} {
		if s != nil {
			s.merge.close()
		}
	}
}

// rowStream adds up the merged rows of a part. As a deviceStream, it returns each client after the
// client's last row. If the fold does not count devices, next returns none and reads all rows.
type rowStream struct {
	merge rowMerge
	fold  *summary.Fold
	taken *summary.Device // the device that next has not returned yet, or nil
	sums  *summary.Sums   // set after the last row
}

// take keeps a device that the fold has completed. The fold completes at most one at a time.
func (s *rowStream) take(d *summary.Device) {
	copied := *d
	s.taken = &copied
}

func (s *rowStream) next(ctx context.Context) (*summary.Device, error) {
	for s.taken == nil && s.sums == nil {
		row, err := s.merge.next(ctx)
		switch {
		case err != nil:
			return nil, err
		case row == nil:
			s.sums = s.fold.Sums()
		default:
			s.fold.Add(row)
		}
	}
	d := s.taken
	s.taken = nil
	return d, nil
}

// rowMerge merges the rows of objects that were read whole, in order and without duplicates. If an
// event has several rows, it returns the row that was received first. If an object turns out to be
// damaged although its checksums are right, rowMerge leaves out the rest of the object's rows, and
// the object counts as left out.
type rowMerge struct {
	partition *fleetPartition
	objects   []*fleetObject
	cursors   heads[*rowCursor]
	isOpen    bool
	last      segment.Row
	hasLast   bool
}

// next returns the next distinct row, or nil after the last one. The row is valid until the following
// call.
func (m *rowMerge) next(ctx context.Context) (*segment.Row, error) {
	if err := m.open(ctx); err != nil {
		return nil, err
	}
	for len(m.cursors.list) > 0 {
		row := m.cursors.list[0].row
		isDuplicate := m.hasLast && m.last.SameEvent(row)
		if !isDuplicate {
			m.last, m.hasLast = *row, true
		}
		if err := m.advance(ctx, m.cursors.list[0]); err != nil {
			return nil, err
		}
		if m.cursors.list[0].row == nil {
			heap.Pop(&m.cursors)
		} else {
			heap.Fix(&m.cursors, 0)
		}
		if !isDuplicate {
			return &m.last, nil
		}
	}
	return nil, nil
}

// open moves each cursor to its first row. Only the first call has an effect.
func (m *rowMerge) open(ctx context.Context) error {
	if m.isOpen {
		return nil
	}
	m.isOpen, m.cursors.before = true, (*rowCursor).before
	for _, o := range m.objects {
		s := o.segment
		c := &rowCursor{rows: segment.OpenCursor(inMemory(o.data), identify(s), o.footer), key: s.Key}
		if err := m.advance(ctx, c); err != nil {
			return err
		}
		if c.row != nil {
			m.cursors.list = append(m.cursors.list, c)
		}
	}
	heap.Init(&m.cursors)
	return nil
}

// advance moves a cursor to its next row, which is nil after the last one.
func (m *rowMerge) advance(ctx context.Context, c *rowCursor) (err error) {
	c.row, err = c.rows.Next(ctx)
	if err == nil {
		return nil
	}
	c.row = nil
	c.rows.Close()
	if isCorrupt(err) {
		m.partition.leaveOut(c.key, err)
		return nil
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// close releases the memory of the cursors. It may be called more than once.
func (m *rowMerge) close() {
	for _, c := range m.cursors.list {
		c.rows.Close()
	}
	m.cursors.list, m.isOpen = nil, true
}

// rowCursor is a position in the rows of an object.
type rowCursor struct {
	rows *segment.Cursor
	row  *segment.Row // nil after the last row
	key  string
}

func (c *rowCursor) before(o *rowCursor) bool { return c.row.Compare(o.row) < 0 }

// inMemory is the content of an object that was read whole.
type inMemory []byte

// Read returns a range of the object, or the error of ctx if ctx is done. It ignores the key.
func (b inMemory) Read(ctx context.Context, _ string, off, n int64) ([]byte, error) {
	return b[off : off+n], ctx.Err()
}
