package query

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/parallel"
	"devicetrace/pkg/segment"
)

// maxListings is the number of times a partition is listed before the reader gives up.
const maxListings = 6

// partition is one of the partitions of a reading.
type partition struct {
	reading  *reading
	where    layout.Partition
	listings int
	runs     []layout.Run // the last listing; each compacted object counts as a run

	mu sync.Mutex
	// sources holds every object that was opened, by key. The content under a key never changes, so
	// a source continues where it was, even if the partition is listed again.
	sources map[string]*source
}

// list lists the partition. Every listing except the first follows a pause. After maxListings
// listings, list returns ErrUnsettled.
func (p *partition) list(ctx context.Context) error {
	if p.listings == maxListings {
		return p.failed(ErrUnsettled)
	}
	if err := p.reading.reader.config.retreat(ctx, p.listings); err != nil {
		return p.failed(err)
	}
	p.listings++
	objects, err := objstore.All(ctx, p.reading.store, p.where.Prefix(), "")
	if err != nil {
		return p.failed(err)
	}
	var compacted []layout.Segment
	p.runs, compacted = layout.SplitRuns(layout.Segments(objects))
	for _, s := range compacted {
		p.runs = append(p.runs, layout.Run{s})
	}
	return nil
}

func (p *partition) failed(err error) error {
	return fmt.Errorf("read partition %s: %w", p.where, err)
}

// retreat pauses before every listing of a partition except the first. The pause is random, because
// with fixed pauses the listings might keep coinciding with the steps of a compaction. The upper
// bound of the pause doubles each time.
func (c Config) retreat(ctx context.Context, listing int) error {
	if listing == 0 {
		return nil
	}
	return objstore.Wait(ctx, c.Jitter(c.Retreat<<(listing-1)))
}

// open opens the listed objects that are not open yet. If one of them is missing, open lists the
// partition again and starts over. Rows up to the given row are passed over in newly opened
// objects.
func (p *partition) open(ctx context.Context, after *segment.Row) error {
	for {
		missing, err := p.openListed(ctx, after)
		if err != nil {
			return p.failed(err)
		}
		if !missing {
			return nil
		}
		if err := p.list(ctx); err != nil {
			return err
		}
	}
}

// openListed opens the listed objects and reports whether one of them was missing. If none was
// missing, openListed retires all other objects that were opened before, because the listed objects
// contain their rows, too.
func (p *partition) openListed(ctx context.Context, after *segment.Row) (missing bool, err error) {
	heads := make([]*source, len(p.runs))
	var gone atomic.Bool
	err = parallel.Do(len(p.runs), p.reading.reader.config.Parallel, func(i int) (err error) {
		heads[i], err = p.openHead(ctx, p.runs[i], after)
		if errors.Is(err, fs.ErrNotExist) {
			gone.Store(true)
			return nil
		}
		return err
	})
	if err != nil || gone.Load() {
		return gone.Load(), err
	}
	for _, s := range p.sources {
		s.retired = s.retired || !slices.Contains(heads, s)
	}
	return false, nil
}

// openHead opens the head of a run. If the head is not a valid segment, openHead opens the run's
// newest valid segment instead. It returns nil if there is none.
func (p *partition) openHead(ctx context.Context, run layout.Run, after *segment.Row) (*source, error) {
	for _, object := range slices.Backward(run) {
		s, err := p.openObject(ctx, object, after)
		if err != nil || s.invalid == nil {
			return s, err
		}
	}
	return nil, nil
}

// openObject returns the source of an object and opens it if it is new. If the object is not a
// valid segment, openObject reports this in the source and returns a nil error.
func (p *partition) openObject(ctx context.Context, object layout.Segment, after *segment.Row) (*source, error) {
	p.mu.Lock()
	s, known := p.sources[object.Key]
	p.mu.Unlock()
	if known && (s.invalid != nil || s.finished || !s.retired) {
		return s, nil
	}
	if known {
		s.giveBack(0) // the new source decodes the rest of the rows again
	}
	s = &source{reading: p.reading, partition: p, object: object, after: after}
	if err := s.open(ctx); isCorrupt(err) {
		s.invalid = err
	} else if err != nil {
		s.giveBack(0)
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sources[object.Key] = s
	return s, nil
}

// reopen replaces a source whose next rows could not be read for the given reason. If the object is
// missing, reopen lists the partition again. If the object is not a valid segment, reopen opens the
// next older object of its run. Any other reason is returned as an error.
func (p *partition) reopen(ctx context.Context, s *source, reason error, after *segment.Row) error {
	switch {
	case errors.Is(reason, fs.ErrNotExist):
		if err := p.list(ctx); err != nil {
			return err
		}
	case isCorrupt(reason):
		s.invalid = reason
	default:
		return p.failed(reason)
	}
	return p.open(ctx, after)
}

// unreadable returns the objects that are not valid segments, sorted by key. It leaves out an
// object if a later, valid object of its run was found, because the later object holds all of its
// rows.
func (p *partition) unreadable() []Unreadable {
	var all []Unreadable
	for key, s := range p.sources {
		if s.invalid != nil && !p.supersedes(s.object.Name) {
			all = append(all, Unreadable{Key: key, Error: s.invalid.Error()})
		}
	}
	slices.SortFunc(all, func(a, b Unreadable) int { return strings.Compare(a.Key, b.Key) })
	return all
}

// supersedes reports whether a valid object of the same run comes after the object with the given
// name.
func (p *partition) supersedes(name layout.Name) bool {
	for _, s := range p.sources {
		if o := s.object.Name; s.invalid == nil && name.Fresh() && o.Fresh() && o.Run == name.Run && o.Seq > name.Seq {
			return true
		}
	}
	return false
}
