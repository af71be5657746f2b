package query

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/parallel"
	"devicetrace/pkg/segment"
)

// maxListings is the number of times a partition is listed before the reader gives up.
const maxListings = 6

// partitionReader reads one partition for one request.
type partitionReader struct {
	reader  *Reader
	store   *meter
	where   layout.Partition
	request Request

	mu sync.Mutex
	// outcomes maps the key of each object read so far to the outcome. The content under a key
	// never changes, so no object is read twice, even if the partition is listed again.
	outcomes map[string]outcome
}

// outcome holds the result of reading an object: the rows that match the request, or the reason why
// the object is not a valid segment.
type outcome struct {
	rows    []segment.Row
	invalid error
}

func (r *Reader) newPartitionReader(store *meter, where layout.Partition, request Request) *partitionReader {
	return &partitionReader{
		reader: r, store: store, where: where, request: request, outcomes: map[string]outcome{},
	}
}

// read lists the partition and reads its objects. If a listed object is missing, read starts
// over. It gives up after maxListings listings.
func (p *partitionReader) read(ctx context.Context) error {
	for listing := range maxListings {
		if err := p.reader.config.retreat(ctx, listing); err != nil {
			return err
		}
		missing, err := p.readListed(ctx)
		if err != nil {
			return fmt.Errorf("read partition %s: %w", p.where, err)
		}
		if !missing {
			return nil
		}
	}
	return fmt.Errorf("read partition %s: %w", p.where, ErrUnsettled)
}

// retreat pauses before every listing of a partition except the first. The pause is random, because
// with fixed pauses the listings might keep coinciding with the steps of a compaction. The upper
// bound of the pause doubles each time.
func (c Config) retreat(ctx context.Context, listing int) error {
	if listing == 0 {
		return nil
	}
	pause := time.NewTimer(c.Jitter(c.Retreat << (listing - 1)))
	defer pause.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-pause.C:
		return nil
	}
}

// readListed lists the partition, reads its objects and reports whether a listed object
// was missing.
func (p *partitionReader) readListed(ctx context.Context) (missing bool, err error) {
	objects, err := objstore.All(ctx, p.store, p.where.Prefix(), "")
	if err != nil {
		return false, err
	}
	candidates, compacted := layout.SplitRuns(layout.Segments(objects))
	for _, s := range compacted {
		candidates = append(candidates, layout.Run{s})
	}
	var mu sync.Mutex
	err = parallel.Do(len(candidates), p.reader.config.Parallel, func(i int) error {
		err := p.readHead(ctx, candidates[i])
		if errors.Is(err, fs.ErrNotExist) {
			mu.Lock()
			defer mu.Unlock()
			missing = true
			return nil
		}
		return err
	})
	return missing, err
}

// readHead reads the head of a run. If the head is not a valid segment, readHead reads the run's
// newest valid segment instead.
func (p *partitionReader) readHead(ctx context.Context, run layout.Run) error {
	for _, s := range slices.Backward(run) {
		o, err := p.outcomeOf(ctx, s)
		if err != nil || o.invalid == nil {
			return err
		}
	}
	return nil
}

// outcomeOf returns the outcome of reading an object. It reads each object at most once. If the
// object is not a valid segment, outcomeOf reports this in the outcome and returns a nil error.
func (p *partitionReader) outcomeOf(ctx context.Context, s layout.Segment) (outcome, error) {
	p.mu.Lock()
	o, read := p.outcomes[s.Key]
	p.mu.Unlock()
	if read {
		return o, nil
	}
	rows, err := p.readObject(ctx, s)
	if err != nil && !errors.Is(err, segment.ErrCorrupt) && !errors.Is(err, objstore.ErrRange) {
		return outcome{}, err
	}
	o = outcome{rows: rows, invalid: err}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.outcomes[s.Key] = o
	return o, nil
}

// readObject returns the rows of an object that match the request. It reads a small object in one
// request. For a large object, it first reads the footer, unless the footer is cached. It then
// makes one request for all row groups that can contain matching rows. If there are no such row
// groups, it skips this request.
func (p *partitionReader) readObject(ctx context.Context, s layout.Segment) ([]segment.Row, error) {
	if s.Size <= p.reader.config.WholeBytes {
		return p.readWhole(ctx, s)
	}
	footer, err := p.footer(ctx, s)
	if err != nil {
		return nil, err
	}
	groups := p.groupsOf(footer)
	if len(groups) == 0 {
		return nil, nil
	}
	// A client's row groups are adjacent, so one read covers them all. If the requested times
	// exclude a row group in the middle, the read covers that row group as well.
	first, last := groups[0], groups[len(groups)-1]
	data, err := p.store.Read(ctx, s.Key, first.Offset, last.Offset+last.Length-first.Offset)
	if err != nil {
		return nil, err
	}
	return p.rowsOf(footer, groups, data, first.Offset, s.Key)
}

// readWhole reads a small object in one request.
func (p *partitionReader) readWhole(ctx context.Context, s layout.Segment) ([]segment.Row, error) {
	data, err := p.store.Read(ctx, s.Key, 0, s.Size)
	if err != nil {
		return nil, err
	}
	footer, err := segment.ParseFooter(data, s.Size)
	if err != nil {
		return nil, fmt.Errorf("read segment %q: %w", s.Key, err)
	}
	return p.rowsOf(footer, p.groupsOf(footer), data, 0, s.Key)
}

// groupsOf returns the row groups that can contain matching rows.
func (p *partitionReader) groupsOf(footer *segment.Footer) []segment.Group {
	q := p.request
	return footer.GroupsOf(q.ClientID, q.From.UnixMilli(), q.To.UnixMilli())
}

// rowsOf returns the matching rows of the given row groups. data holds the object's content,
// starting at offset.
func (p *partitionReader) rowsOf(footer *segment.Footer, groups []segment.Group, data []byte, offset int64, key string) ([]segment.Row, error) {
	var rows []segment.Row
	for _, g := range groups {
		decoded, err := footer.RowsOf(g, data[g.Offset-offset:g.Offset-offset+g.Length], p.request.ClientID)
		if err != nil {
			return nil, fmt.Errorf("read segment %q: %w", key, err)
		}
		if p.store.rows.Add(int64(len(decoded))) > int64(p.reader.config.MaxRows) {
			return nil, ErrTooMany
		}
		rows = append(rows, slices.DeleteFunc(decoded, p.request.isElsewhere)...)
	}
	return rows, nil
}

// footer returns the object's footer, from the cache if possible.
func (p *partitionReader) footer(ctx context.Context, s layout.Segment) (*segment.Footer, error) {
	if footer := p.reader.footers.get(s.Key); footer != nil {
		return footer, nil
	}
	object := segment.Object{Key: s.Key, Size: s.Size, FooterLength: s.Name.FooterLength}
	footer, err := segment.OpenFooter(ctx, p.store, object)
	if err != nil {
		return nil, err
	}
	if !s.Name.Fresh() { // fresh objects are soon superseded, so their footers are not worth caching
		p.reader.footers.put(s.Key, footer)
	}
	return footer, nil
}

// unreadable returns the objects that are not valid segments, sorted by key.
func (p *partitionReader) unreadable() []Unreadable {
	var all []Unreadable
	for key, o := range p.outcomes {
		if o.invalid != nil {
			all = append(all, Unreadable{Key: key, Error: o.invalid.Error()})
		}
	}
	slices.SortFunc(all, func(a, b Unreadable) int { return strings.Compare(a.Key, b.Key) })
	return all
}
