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
	after     *segment.Row // rows up to this one are skipped (see passedOver); nil if no row is skipped

	rows    *segment.ClientRows // nil until the object's footer is known, and once the source has ended
	blocks  []segment.Block     // decoded rows
	at      int                 // index of the next row in blocks[0]
	extra   int64               // memory acquired in addition to reading.share, in bytes
	lender  *memoryBudget       // the budget from which extra was acquired
	data    []byte              // bytes of the object that are kept for the next rows, or nil
	offset  int64               // the offset of data in the object
	invalid error               // why the object is not a valid segment, or nil
	holds   []string            // the held segments that the object's footer names
	// whole is true if the object is small and its footer was not cached. Each request of the
	// source then reads the whole object.
	whole bool
	// retired means that the source must not decode any more rows, because the rows cannot be read
	// or are in other sources.
	retired bool
}

// isSmall reports whether an object is small enough to be read whole; see Config.WholeBytes.
func (r *Reader) isSmall(object layout.Segment) bool {
	whole := r.config.WholeBytes
	return object.Size <= whole || object.Size <= 2*whole && object.Size-object.Name.SummariesLength() <= whole
}

// open finds the row groups that may hold matching rows. Sources are opened in parallel, so open
// also reads and decodes the first rows. However, if the client has very many rows in a large
// object, the source reads them only when the stream needs them.
func (s *source) open(ctx context.Context) error {
	s.setWhole(s.reading.reader.footers.get(s.object))
	if s.whole {
		return s.loadWhole(ctx)
	}
	footer, err := s.footer(ctx)
	if err != nil {
		return err
	}
	s.rows = s.clientRows(footer)
	if !s.startsEarly() {
		return nil
	}
	n, _ := s.take()
	return s.loadGroups(ctx, n)
}

// setWhole sets s.whole. footer is the object's cached footer, or nil.
func (s *source) setWhole(footer *segment.Footer) {
	s.whole = footer == nil && s.reading.reader.isSmall(s.object)
}

// startsEarly reports whether open reads and decodes the first rows of a large object.
func (s *source) startsEarly() bool {
	return len(s.rows.Groups()) > 0 && s.rows.ExclusiveMemory() <= earlyMemory
}

// firstExtent returns the range of the object that open reads first if enough memory is free.
// footer is the object's cached footer, or nil. The length is 0 if open reads no rows, or reads the
// footer first.
func (s *source) firstExtent(footer *segment.Footer) (offset, length int64) {
	s.setWhole(footer)
	switch {
	case s.whole:
		return 0, s.object.Size
	case footer == nil:
		return 0, 0
	}
	s.rows = s.clientRows(footer)
	if !s.startsEarly() {
		return 0, 0
	}
	n, _ := s.fitting(chunkMemory)
	return s.extent(n)
}

// cost returns the number of requests that opening an object usually takes, and the minimum number
// of bytes that these requests read.
func (r *Reader) cost(object layout.Segment) (requests int, bytes int64) {
	switch {
	case r.footers.get(object) != nil:
		return 1, 0
	case r.isSmall(object):
		return 1, object.Size
	default:
		return 2, 0
	}
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

// identify returns the segment.Object for an object in a listing.
func identify(s layout.Segment) segment.Object {
	return segment.Object{Key: s.Key, Size: s.Size, FooterLength: s.Name.FooterLength, IndexLength: s.Name.IndexLength}
}

// footer returns the object's footer, from the cache if possible.
func (s *source) footer(ctx context.Context) (*segment.Footer, error) {
	r := s.reading.reader
	if footer := r.footers.get(s.object); footer != nil {
		return footer, nil
	}
	object := identify(s.object)
	length := cmp.Or(object.IndexLength, object.FooterLength, min(object.Size, 64<<10))
	held, err := r.reads.acquire(ctx, footerFactor*length)
	if err != nil {
		return nil, err
	}
	defer r.reads.release(held)
	footer, err := segment.OpenIndex(ctx, s.reading.store, object)
	if err != nil {
		return nil, err
	}
	r.footers.put(s.object, footer)
	return footer, nil
}

// load reads and decodes the source's next rows. All rows that were decoded before must have been
// yielded. If too little memory is free, load waits until the reading has a pool. A reading must not
// call load while it loads or opens another source.
func (s *source) load(ctx context.Context) error {
	s.giveBack(0)
	if s.reading.pool == nil {
		if n, enough := s.take(); enough {
			return s.loadGroups(ctx, n)
		}
		if err := s.reading.openPool(ctx); err != nil {
			return err
		}
	}
	return s.loadGroups(ctx, s.takeFromPool())
}

// loadWhole reads the whole object, parses its footer and decodes the first rows.
func (s *source) loadWhole(ctx context.Context) error {
	r := s.reading.reader
	held, err := r.reads.acquire(ctx, wholeFactor*s.object.Size)
	if err != nil {
		return err
	}
	defer func() { r.reads.release(held) }()
	data, err := s.read(ctx, 0, s.object.Size)
	if err != nil {
		return err
	}
	footer, err := segment.ParseWhole(data, identify(s.object))
	if err != nil {
		return s.corrupt(err)
	}
	r.footers.put(s.object, footer)
	s.rows = s.clientRows(footer)
	n, _ := s.take()
	if need := s.object.Size + largest(s.rows.Groups()[:n]); need > held {
		// Do not wait while holding memory that others may be waiting for.
		r.reads.release(held)
		if held, err = r.reads.acquire(ctx, need); err != nil {
			return err
		}
	}
	return s.decode(n, data, 0)
}

// loadGroups decodes rows from the first n row groups. It first reads their bytes in one request,
// unless the source has kept them.
func (s *source) loadGroups(ctx context.Context, n int) error {
	for n > 1 && s.keeps(0) && !s.keeps(n-1) {
		n-- // decode the row groups that need no request
	}
	offset, length := s.extent(n)
	r := s.reading.reader
	held, err := r.reads.acquire(ctx, length+largest(s.rows.Groups()[:n]))
	if err != nil {
		return err
	}
	defer r.reads.release(held)
	data := s.data
	if s.keeps(0) {
		offset = s.offset
	} else if data, err = s.read(ctx, offset, length); err != nil {
		return err
	}
	if s.whole {
		return s.decodeWhole(n, data)
	}
	return s.decode(n, data, offset)
}

// decodeWhole parses the footer again, because releaseFooter has released it, and then calls
// decode. data is the whole object.
func (s *source) decodeWhole(n int, data []byte) error {
	footer, err := segment.ParseWhole(data, identify(s.object))
	if err != nil {
		return s.corrupt(err)
	}
	s.rows.SetFooter(footer)
	defer s.rows.SetFooter(nil)
	return s.decode(n, data, 0)
}

// keep sets s.data, so that the source does not have to read the same row group again for its next
// rows. If the source has no memory from the pool, or would have less than half of its memory left
// for rows, keep sets s.data to nil.
func (s *source) keep(data []byte, offset int64) {
	s.data, s.offset = data, offset
	if s.reading.pool == nil || s.lender != s.reading.pool || 2*int64(len(data)) > s.reading.share+s.extra {
		s.data = nil
	}
}

// keeps reports whether s.data contains the bytes of the remaining row group with the given index.
func (s *source) keeps(i int) bool {
	g := s.rows.Groups()[i]
	return s.offset <= g.Offset && g.Offset+g.Length <= s.offset+int64(len(s.data))
}

// extent returns the range of the object to read for the first n row groups, which are adjacent, or
// the whole object if s.whole is set.
func (s *source) extent(n int) (offset, length int64) {
	if s.whole {
		return 0, s.object.Size
	}
	first, last := s.rows.Groups()[0], s.rows.Groups()[n-1]
	if s.reading.request.Descending {
		first, last = last, first
	}
	return first.Offset, last.Offset + last.Length - first.Offset
}

// decode decodes rows from the first n row groups. data holds the bytes of these row groups, and
// begins at the given offset of the object.
func (s *source) decode(n int, data []byte, offset int64) error {
	s.keep(data, offset)
	blocks, err := s.rows.Decode(n, data, offset, s.reading.share+s.extra-int64(len(s.data)))
	if err != nil {
		return s.corrupt(err)
	}
	if len(s.rows.Groups()) == 0 || !s.keeps(0) {
		s.data = nil
	}
	memory := int64(len(s.data))
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
// those that fit in the source's share. But it always takes at least one. enough reports whether
// all rows of these row groups fit in the source's memory. take never waits, because other streams
// may be waiting for memory that this stream holds.
func (s *source) take() (n int, enough bool) {
	n, want := s.fitting(chunkMemory)
	if s.borrow(s.reading.reader.rows, want-s.reading.share) {
		return n, true
	}
	n, want = s.fitting(s.reading.share)
	return n, want <= s.reading.share
}

// takeFromPool is like take, but acquires memory from the reading's pool. All sources may need the
// pool at the same time, so each of them may use an equal part. takeFromPool also acquires memory
// for the encoded bytes; see keep.
func (s *source) takeFromPool() (n int) {
	pool := s.reading.pool
	n, want := s.fitting(chunkMemory)
	_, length := s.extent(n)
	part := pool.size / int64(len(s.reading.merge.sources.list))
	s.borrow(pool, min(want+length-s.reading.share, part))
	n, _ = s.fitting(s.reading.share + s.extra)
	return n
}

// fitting returns how many of the next row groups have rows that fit in the given memory, in bytes,
// and how much memory their rows need. It returns at least one row group.
func (s *source) fitting(memory int64) (n int, need int64) {
	for _, g := range s.rows.Groups() {
		if n > 0 && need+g.Memory() > memory {
			break
		}
		n, need = n+1, need+g.Memory()
	}
	return n, need
}

// borrow acquires memory in addition to the source's share, if it is free. It reports whether it
// has acquired the memory.
func (s *source) borrow(from *memoryBudget, bytes int64) bool {
	bytes = max(0, bytes)
	if !from.tryAcquire(bytes) {
		return false
	}
	s.extra, s.lender = bytes, from
	return true
}

// giveBack releases the part of s.extra that the source does not need. bytes is the memory that it
// needs for its decoded rows and for s.data.
func (s *source) giveBack(bytes int64) {
	if kept := min(s.extra, max(0, bytes-s.reading.share)); kept < s.extra {
		s.lender.release(s.extra - kept)
		s.extra = kept
	}
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

// releaseFooter releases the memory of the footer in two cases: the source has no rows of the
// client, or it reads the whole object and can therefore parse the footer again. A reading may have
// a thousand sources at a time, and a footer takes more memory than the rows of most devices.
func (s *source) releaseFooter() {
	switch {
	case len(s.rows.Groups()) == 0:
		s.rows = nil
	case s.whole:
		s.rows.SetFooter(nil)
	}
}

// ended reports whether the source has no more rows to yield. If so, it releases the source's
// memory.
func (s *source) ended() bool {
	if s.row() != nil || !s.retired && s.rows != nil && len(s.rows.Groups()) > 0 {
		return false
	}
	s.giveBack(0)
	s.rows, s.data = nil, nil
	return true
}

// isCorrupt reports whether an error means that an object is not a valid segment.
func isCorrupt(err error) bool {
	return errors.Is(err, segment.ErrCorrupt) || errors.Is(err, objstore.ErrRange)
}
