package query

import (
	"cmp"
	"context"
	"errors"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/segment"
)

const (
	// chunkMemory is the approximate maximum memory, in bytes, of the rows that are decoded after
	// one read. A single row group may need more.
	chunkMemory = 8 << 20
	// earlyMemory is the approximate maximum memory, in bytes, of the rows that are decoded before
	// the stream needs them.
	earlyMemory = 1 << 20
	// wholeFactor is the typical ratio of the memory for decoding a small object to the object's
	// size.
	wholeFactor = 8
	// footerFactor is the typical ratio of a parsed footer's size in memory to its encoded length.
	footerFactor = 16
)

// source yields the client's rows of one object, in the order of the stream. It reads and decodes
// them as needed.
type source struct {
	reading   *reading
	partition *partition
	object    layout.Segment
	after     *segment.Row // rows up to this one are skipped, see passedOver; nil: none

	rows    *segment.ClientRows // nil until the object's footer is known, and once the source has ended
	blocks  []segment.Block     // decoded rows
	at      int                 // index of the next row in blocks[0]
	extra   int64               // memory acquired in addition to reading.share, in bytes
	invalid error               // why the object is not a valid segment, or nil
	holds   []string            // the held segments that the object's footer names
	// retired means that the source must not decode any more rows, because the rows cannot be read
	// or are in other sources.
	retired bool
}

// small reports whether the object is read whole.
func (s *source) small() bool { return s.object.Size <= s.reading.reader.config.WholeBytes }

// open finds the row groups that may hold matching rows. Sources are opened in parallel, so open
// also reads and decodes the first rows. But if the client has very many rows in a large object,
// open leaves them until the stream needs them.
func (s *source) open(ctx context.Context) error {
	if s.small() {
		return s.load(ctx)
	}
	footer, err := s.footer(ctx)
	if err != nil {
		return err
	}
	s.rows = s.clientRows(footer)
	if len(s.rows.Groups()) == 0 || s.rows.ExclusiveMemory() > earlyMemory {
		return nil
	}
	return s.load(ctx)
}

// clientRows returns a decoder of the client's rows in the time range of the request. It is
// positioned before the first row. If the source skips rows, the decoder starts at the time of
// s.after.
func (s *source) clientRows(footer *segment.Footer) *segment.ClientRows {
	q := s.reading.request
	from, to := q.From.UnixMilli(), q.To.UnixMilli()
	switch {
	case s.after == nil:
	case q.Descending:
		to = min(to, s.after.Time)
	default:
		from = max(from, s.after.Time)
	}
	return footer.ClientRows(q.ClientID, from, to, q.Descending)
}

// footer returns the object's footer, from the cache if possible.
func (s *source) footer(ctx context.Context) (*segment.Footer, error) {
	r := s.reading.reader
	if footer := r.footers.get(s.object.Key); footer != nil {
		return footer, nil
	}
	object := segment.Object{Key: s.object.Key, Size: s.object.Size, FooterLength: s.object.Name.FooterLength}
	held, err := r.reads.acquire(ctx, footerFactor*cmp.Or(object.FooterLength, min(object.Size, 64<<10)))
	if err != nil {
		return nil, err
	}
	defer r.reads.release(held)
	footer, err := segment.OpenFooter(ctx, s.reading.store, object)
	if err != nil {
		return nil, err
	}
	if !s.object.Name.Fresh() { // fresh objects are soon superseded, so their footers are not worth caching
		r.footers.put(s.object.Key, footer)
	}
	return footer, nil
}

// load reads and decodes the source's next rows. All rows that were decoded before must have been
// yielded.
func (s *source) load(ctx context.Context) error {
	s.giveBack(0)
	if s.small() {
		return s.loadWhole(ctx)
	}
	return s.loadGroups(ctx)
}

// loadWhole reads the whole object and decodes the next rows.
func (s *source) loadWhole(ctx context.Context) error {
	r := s.reading.reader
	held, err := r.reads.acquire(ctx, wholeFactor*s.object.Size)
	if err != nil {
		return err
	}
	defer func() { r.reads.release(held) }()
	data, err := s.reading.store.Read(ctx, s.object.Key, 0, s.object.Size)
	if err != nil {
		return err
	}
	if s.rows == nil {
		footer, err := segment.ParseFooter(data, s.object.Size)
		if err != nil {
			return s.corrupt(err)
		}
		s.rows = s.clientRows(footer)
	}
	n := s.take()
	if need := s.object.Size + largest(s.rows.Groups()[:n]); need > held {
		// Do not wait while holding memory that others may be waiting for.
		r.reads.release(held)
		if held, err = r.reads.acquire(ctx, need); err != nil {
			return err
		}
	}
	return s.decode(n, data, 0)
}

// loadGroups reads the row groups of the next chunk, which are adjacent, in one request. It then
// decodes their rows.
func (s *source) loadGroups(ctx context.Context) error {
	n := s.take()
	groups := s.rows.Groups()[:n]
	first, last := groups[0], groups[n-1]
	if s.reading.request.Descending {
		first, last = last, first
	}
	length := last.Offset + last.Length - first.Offset
	r := s.reading.reader
	held, err := r.reads.acquire(ctx, length+largest(groups))
	if err != nil {
		return err
	}
	defer r.reads.release(held)
	data, err := s.reading.store.Read(ctx, s.object.Key, first.Offset, length)
	if err != nil {
		return err
	}
	return s.decode(n, data, first.Offset)
}

// decode decodes rows from the first n row groups. data holds the bytes of these row groups, and
// begins at the given offset of the object.
func (s *source) decode(n int, data []byte, offset int64) error {
	blocks, err := s.rows.Decode(n, data, offset, s.reading.share+s.extra)
	if err != nil {
		return s.corrupt(err)
	}
	var memory int64
	for _, b := range blocks {
		memory += b.Memory
	}
	s.giveBack(memory)
	s.blocks, s.at = blocks, 0
	for row := s.row(); row != nil && s.passedOver(row); row = s.row() {
		s.next()
	}
	return nil
}

// passedOver reports whether the source must skip a row. It skips the rows that come before s.after
// in the order of the stream and, in ascending order, s.after itself. It does not skip later copies
// of the same event, because the merge removes duplicates.
func (s *source) passedOver(row *segment.Row) bool {
	return s.after != nil && (row.Compare(s.after) > 0) == s.reading.request.Descending
}

func (s *source) corrupt(err error) error { return &segment.ObjectError{Key: s.object.Key, Err: err} }

// largest returns the size of the largest row group before encoding, in bytes. Decoding a row group
// takes about this much memory in addition to the memory of the decoded rows.
func largest(groups []segment.Group) (size int64) {
	for _, g := range groups {
		size = max(size, g.Raw)
	}
	return size
}

// take returns the number of row groups to read in the next request, and acquires memory for their
// rows. It takes as many row groups as fit in chunkMemory. If less memory is free, it takes only
// those that fit in the source's share. But it always takes at least one. It never waits, because
// other streams may be waiting for memory that this stream holds.
func (s *source) take() (n int) {
	groups := s.rows.Groups()
	var want int64
	for ; n < len(groups); n++ {
		memory := groups[n].Memory()
		if n > 0 && want+memory > chunkMemory {
			break
		}
		want += memory
	}
	if more := max(0, want-s.reading.share); s.reading.reader.rows.tryAcquire(more) {
		s.extra = more
		return n
	}
	for ; n > 1 && want > s.reading.share; n-- {
		want -= groups[n-1].Memory()
	}
	return n
}

// giveBack releases the part of s.extra that the decoded rows do not need. bytes is the memory that
// these rows take.
func (s *source) giveBack(bytes int64) {
	kept := min(s.extra, max(0, bytes-s.reading.share))
	s.reading.reader.rows.release(s.extra - kept)
	s.extra = kept
}

// row returns the next row, or nil if no decoded row is left.
func (s *source) row() *segment.Row {
	if len(s.blocks) == 0 {
		return nil
	}
	return &s.blocks[0].Rows[s.at]
}

// next moves past the next row, which must be decoded.
func (s *source) next() {
	if s.at++; s.at == len(s.blocks[0].Rows) {
		s.blocks[0] = segment.Block{}
		s.blocks, s.at = s.blocks[1:], 0
	}
}

// time returns the time of the next row. If the row is not decoded yet, time returns a bound
// instead. No remaining row comes before this bound in the order of the stream. It must not be
// called once the source has ended.
func (s *source) time() int64 {
	if row := s.row(); row != nil {
		return row.Time
	}
	return s.rows.Bound()
}

// ended reports whether the source has no more rows to yield. If so, it releases the source's
// memory.
func (s *source) ended() bool {
	if s.row() != nil || !s.retired && s.rows != nil && len(s.rows.Groups()) > 0 {
		return false
	}
	s.giveBack(0)
	s.rows = nil
	return true
}

// isCorrupt reports whether an error means that an object is not a valid segment.
func isCorrupt(err error) bool {
	return errors.Is(err, segment.ErrCorrupt) || errors.Is(err, objstore.ErrRange)
}
