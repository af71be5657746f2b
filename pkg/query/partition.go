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

// partition is one partition that a reading covers.
type partition struct {
	reading  *reading
	where    layout.Partition
	listings int
	runs     []layout.Run      // the runs in the last listing; each compacted object counts as a run
	guesses  map[string]*guess // by key; nil once the partition is open

	mu sync.Mutex
	// sources holds the source of every object that was opened, by key. The content under a key
	// never changes, so a source stays usable when the partition is listed again.
	sources map[string]*source
}

// list lists the partition. If the partition has already been listed maxListings times, list
// returns ErrUnsettled.
//
// list pauses before each listing except the first. The pause is random, because with fixed pauses
// the listings might keep coinciding with the steps of a compaction.
func (p *partition) list(ctx context.Context) error {
	config := p.reading.reader.config
	switch p.listings {
	case 0:
	case maxListings:
		return p.failed(ErrUnsettled)
	default:
		if err := objstore.Wait(ctx, config.Jitter(config.Retreat<<(p.listings-1))); err != nil {
			return p.failed(err)
		}
	}
	p.listings++
	objects, err := objstore.All(ctx, p.reading.store, p.where.Prefix(), "")
	if err != nil {
		return p.failed(err)
	}
	p.setListed(objects)
	return nil
}

// setListed sets the runs of the partition from a complete listing of its objects.
func (p *partition) setListed(objects []objstore.Object) {
	var compacted []layout.Segment
	p.runs, compacted = layout.SplitRuns(layout.Segments(objects))
	p.reading.reader.footers.remember(p.where.Prefix(), compacted)
	for _, s := range compacted {
		p.runs = append(p.runs, layout.Run{s})
	}
}

func (p *partition) failed(err error) error {
	return fmt.Errorf("read partition %s: %w", p.where, err)
}

// open opens the listed objects that are not open yet. If one of them is missing, open lists the
// partition again and starts over. If after is not nil, the new sources skip the rows up to after;
// see source.passedOver.
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
// missing, openListed retires the sources of all other objects, because the listed objects contain
// their rows, too.
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
		s.retired = !slices.Contains(heads, s)
	}
	return false, nil
}

// openHead opens the newest valid segment of a run and returns its source. It returns nil if the
// run has no valid segment.
func (p *partition) openHead(ctx context.Context, run layout.Run, after *segment.Row) (*source, error) {
	for _, object := range slices.Backward(run) {
		s, err := p.openObject(ctx, object, after)
		if err != nil || s.invalid == nil {
			return s, err
		}
	}
	return nil, nil
}

// openObject returns the source of an object. It opens the object unless the object is already
// open. If the object is not a valid segment, openObject states the reason in the source and
// returns no error.
func (p *partition) openObject(ctx context.Context, object layout.Segment, after *segment.Row) (*source, error) {
	p.mu.Lock()
	s := p.sources[object.Key]
	p.mu.Unlock()
	if s != nil {
		if s.invalid != nil || !s.retired {
			return s, nil
		}
		s.giveBack(0) // the new source decodes the rest of the rows again
	}
	s = &source{reading: p.reading, partition: p, object: object, after: after}
	switch err := s.open(ctx); {
	case err == nil:
		s.holds = s.rows.Holds()
		s.releaseFooter()
	case isCorrupt(err):
		s.invalid = err
	default:
		s.giveBack(0)
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sources[object.Key] = s
	return s, nil
}

// reopen replaces source s, whose next rows could not be loaded. reason is the error, and after is
// passed to open. If the object is missing, reopen lists the partition again. If the object is not
// a valid segment, reopen opens the next older object of its run. It returns any other reason as an
// error.
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

// unreadable returns the objects that are not valid segments, sorted by key. It omits an object if
// a valid object contains all of its rows.
func (p *partition) unreadable() []Unreadable {
	var all []Unreadable
	contained := sync.OnceValue(p.contained)
	for key, s := range p.sources {
		covers := func(n layout.Name) bool { return n.Covers(s.object.Name) }
		if s.invalid != nil && !slices.ContainsFunc(contained(), covers) {
			all = append(all, Unreadable{Key: key, Error: s.invalid.Error()})
		}
	}
	slices.SortFunc(all, func(a, b Unreadable) int { return strings.Compare(a.Key, b.Key) })
	return all
}

// contained returns the names of the valid objects and of the objects that they hold.
//
// In an object that counts as valid, rows of other clients may be damaged. This does not matter,
// because an object becomes invalid as soon as the reader finds damage in the rows that it needs.
func (p *partition) contained() (names []layout.Name) {
	for _, s := range p.sources {
		if s.invalid == nil {
			names = append(append(names, s.object.Name), s.held()...)
		}
	}
	return names
}

// held returns the names of the objects that the source's object holds according to its footer.
func (s *source) held() []layout.Name { return heldNames(s.holds, s.object.Name.Level) }

// heldNames parses the names of held objects in the footer of an object of the given level. Like a
// compactor, it ignores invalid names and names whose level is not below the object's level.
func heldNames(texts []string, level int) (names []layout.Name) {
	for _, text := range texts {
		if name, err := layout.ParseName(text); err == nil && name.Level < level {
			names = append(names, name)
		}
	}
	return names
}
