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

// maxListings is how often a partition is listed before the reader gives up.
const maxListings = 6

// partitionReader reads the rows that a request asks for of one partition.
type partitionReader struct {
	reader  *Reader
	store   *meter
	where   layout.Partition
	request Request

	mu sync.Mutex
	// rows are those asked for, by the key of the object that holds them. A key's
	// content never changes, so what was read stays read.
	rows map[string][]segment.Row
	// corrupt are the errors of objects that are no sound segments.
	corrupt map[string]error
}

func (r *Reader) newPartitionReader(store *meter, where layout.Partition, request Request) *partitionReader {
	return &partitionReader{
		reader: r, store: store, where: where, request: request,
		rows: map[string][]segment.Row{}, corrupt: map[string]error{},
	}
}

// read lists and reads until nothing that was listed is missing.
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

// retreat pauses before all but the first listing, twice as long each time, at
// random, so that readers do not follow a compaction step by step.
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

// readListed reads what the partition's listing says, and reports whether an object
// of it was missing.
func (p *partitionReader) readListed(ctx context.Context) (missing bool, err error) {
	objects, err := objstore.All(ctx, p.store, p.where.Prefix(), "")
	if err != nil {
		return false, err
	}
	var candidates []layout.Run // each in order of preference from its end
	runs, compacted := layout.Heads(layout.Segments(objects))
	candidates = append(candidates, runs...)
	for _, s := range compacted {
		candidates = append(candidates, layout.Run{s})
	}
	var mu sync.Mutex
	err = parallel.Do(len(candidates), p.reader.config.Parallel, func(i int) error {
		err := p.readHighest(ctx, candidates[i])
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

// readHighest reads the highest readable object of a run.
func (p *partitionReader) readHighest(ctx context.Context, run layout.Run) error {
	for _, s := range slices.Backward(run) {
		if p.wasRead(s.Key) {
			return nil
		}
		if p.isCorrupt(s.Key) {
			continue
		}
		rows, err := p.readObject(ctx, s)
		switch {
		case err == nil:
			p.keep(s.Key, rows)
			return nil
		case errors.Is(err, segment.ErrCorrupt), errors.Is(err, objstore.ErrRange):
			p.note(s.Key, err)
		default:
			return err
		}
	}
	return nil
}

// readObject is the rows asked for of one object.
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
	// The groups of one client are neighbours, but for spans of its times that are
	// not asked for: one read for all of them.
	first, last := groups[0], groups[len(groups)-1]
	data, err := p.store.Read(ctx, s.Key, first.Offset, last.Offset+last.Length-first.Offset)
	if err != nil {
		return nil, err
	}
	return p.rowsOf(footer, groups, data, first.Offset, s.Key)
}

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

func (p *partitionReader) groupsOf(footer *segment.Footer) []segment.Group {
	q := p.request
	return footer.GroupsOf(q.ClientID, q.From.UnixMilli(), q.To.UnixMilli())
}

// rowsOf is the rows asked for of some row groups; data begins at offset.
func (p *partitionReader) rowsOf(footer *segment.Footer, groups []segment.Group, data []byte, offset int64, key string) ([]segment.Row, error) {
	var rows []segment.Row
	for _, g := range groups {
		part, err := footer.RowsOf(g, data[g.Offset-offset:g.Offset-offset+g.Length], p.request.ClientID)
		if err != nil {
			return nil, fmt.Errorf("read segment %q: %w", key, err)
		}
		if p.store.rows.Add(int64(len(part))) > int64(p.reader.config.MaxRows) {
			return nil, ErrTooMany
		}
		rows = append(rows, slices.DeleteFunc(part, p.request.isElsewhere)...)
	}
	return rows, nil
}

// footer is the object's footer, from the cache where it is known.
func (p *partitionReader) footer(ctx context.Context, s layout.Segment) (*segment.Footer, error) {
	if footer := p.reader.footers.get(s.Key); footer != nil {
		return footer, nil
	}
	object := segment.Object{Key: s.Key, Size: s.Size, FooterLength: s.Name.FooterLength}
	footer, err := segment.OpenFooter(ctx, p.store, object)
	if err != nil {
		return nil, err
	}
	if !s.Name.Fresh() { // a fresh one is soon superseded
		p.reader.footers.put(s.Key, footer)
	}
	return footer, nil
}

func (p *partitionReader) keep(key string, rows []segment.Row) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rows[key] = rows
}

func (p *partitionReader) wasRead(key string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, read := p.rows[key]
	return read
}

func (p *partitionReader) note(key string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.corrupt[key] = err
}

func (p *partitionReader) isCorrupt(key string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.corrupt[key] != nil
}

func (p *partitionReader) unreadable() []Unreadable {
	var all []Unreadable
	for key, err := range p.corrupt {
		all = append(all, Unreadable{Key: key, Error: err.Error()})
	}
	slices.SortFunc(all, func(a, b Unreadable) int { return strings.Compare(a.Key, b.Key) })
	return all
}
