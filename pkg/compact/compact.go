// Package compact merges the many small segments of a partition into few sorted
// ones, and deletes what is superseded.
//
// What always holds:
//
//   - A plan is a pure function of a listing. Running it is another step, and it may
//     be run twice, late, or by two compactors at once: the same inputs make the
//     same bytes, under a key that is their digest.
//   - Inputs are checked against their footers as they stream. An input that is
//     missing ends the merge; one that is no sound segment is left out, reported and
//     never deleted.
//   - A key is deleted only after the output, which sorts later, was read back from
//     the store and holds exactly the union of the inputs' rows.
//   - Memory is bounded by a row group of each of a bounded number of inputs, not by
//     the day.
package compact

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"time"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/segment"
)

// Store is what a compactor needs of an object store.
type Store interface {
	Put(ctx context.Context, key string, body io.ReaderAt, size int64) error
	Read(ctx context.Context, key string, off, n int64) ([]byte, error)
	List(ctx context.Context, prefix, after string) (objstore.Page, error)
	Delete(ctx context.Context, keys ...string) error
}

// Config of a Compactor. The zero value of each field means its default.
type Config struct {
	// Fanout is how many objects of one level an open day's partition holds before
	// they are merged. Default 8.
	Fanout int
	// MaxInputs is how many objects one merge reads at once, which bounds its memory.
	// What is more takes several merges. Default 64.
	MaxInputs int
	// Quiet is how long nothing was written to a closed day's partition before it is
	// merged down to one object. Default 30 minutes.
	Quiet time.Duration
	// Margin is how long before the context's deadline no merge is begun any more.
	// Default 15 seconds.
	Margin time.Duration
	// Dir is where outputs are staged, since their name is their digest. Default the
	// system's directory for temporary files.
	Dir string
	// Now is the clock. It decides only whether a partition is closed and quiet. Default
	// time.Now.
	Now func() time.Time
	// Shuffle orders the shards of a run, as rand.Shuffle does. A random order keeps slow
	// shards from starving the others. Default rand.Shuffle.
	Shuffle func(n int, swap func(i, j int))
	// Log receives a warning for each partition whose merge failed. Default none.
	Log *slog.Logger
}

func (c Config) withDefaults() Config {
	c.Fanout = cmp.Or(c.Fanout, 8)
	c.MaxInputs = cmp.Or(c.MaxInputs, 64)
	c.Quiet = cmp.Or(c.Quiet, 30*time.Minute)
	c.Margin = cmp.Or(c.Margin, 15*time.Second)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Shuffle == nil {
		c.Shuffle = rand.Shuffle
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// Validate names the field that is out of range.
func (c Config) Validate() error {
	switch {
	case c.Fanout < 0 || c.Fanout == 1:
		return fmt.Errorf("Fanout must be 2 or more: %d", c.Fanout)
	case c.MaxInputs < 0 || c.MaxInputs == 1:
		return fmt.Errorf("MaxInputs must be 2 or more: %d", c.MaxInputs)
	case c.Quiet < 0:
		return fmt.Errorf("Quiet must not be negative: %v", c.Quiet)
	case c.Margin < 0:
		return fmt.Errorf("Margin must not be negative: %v", c.Margin)
	}
	return nil
}

// Compactor merges. It is safe for concurrent use, with itself and with others.
type Compactor struct {
	store  Store
	config Config
}

// New asks the store nothing.
func New(store Store, config Config) (*Compactor, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("configure compactor: %w", err)
	}
	return &Compactor{store: store, config: config.withDefaults()}, nil
}

// Report is what a run did.
type Report struct {
	// Partitions is how many were looked at, Merges how many outputs were made and
	// verified.
	Partitions int `json:"partitions"`
	Merges     int `json:"merges"`
	// Inputs and Deleted count objects, Rows and Bytes what was written.
	Inputs  int   `json:"inputs"`
	Deleted int   `json:"deleted"`
	Rows    int64 `json:"rows"`
	Bytes   int64 `json:"bytes"`
	// Missed is how many merges ended because an input was gone: another compactor
	// was faster.
	Missed int `json:"missed"`
	// Foreign is how many objects have names that are not of this layout.
	Foreign int `json:"foreign"`
	// Stuck are partitions at the end of the range of levels.
	Stuck []string `json:"stuck,omitempty"`
	// Unreadable are objects that are no sound segments: they stay where they are.
	Unreadable map[string]string `json:"unreadable,omitempty"`
	// Failed are the errors of partitions whose merge did not end.
	Failed map[string]string `json:"failed,omitempty"`
	// Stopped says that the deadline came first. The next run goes on.
	Stopped bool `json:"stopped"`
}

// Run is RunWithin all shards.
func (c *Compactor) Run(ctx context.Context) (Report, error) {
	return c.RunWithin(ctx, layout.ShardRange{})
}

// RunWithin compacts every partition of some shards that has need of it: one list request
// for each 1,000 objects of a shard, at least one a shard. A partition that fails is
// reported and the next one tried. The error is one of listing, or of the range.
func (c *Compactor) RunWithin(ctx context.Context, shards layout.ShardRange) (Report, error) {
	report := Report{Unreadable: map[string]string{}, Failed: map[string]string{}}
	l, err := layout.Find(ctx, c.store)
	if err != nil || l.Shards == 0 {
		return report, err
	}
	within, err := shards.Of(l)
	if err != nil {
		return report, err
	}
	c.config.Shuffle(len(within), func(i, j int) { within[i], within[j] = within[j], within[i] })
	begin, cancel := c.untilMargin(ctx)
	defer cancel()
	for _, shard := range within {
		objects, err := objstore.All(ctx, c.store, layout.ShardPrefix(shard), "")
		if err != nil {
			return report, fmt.Errorf("list shard %s: %w", shard, err)
		}
		listings, foreign := Listings(objects)
		report.Foreign += foreign
		for _, listing := range listings {
			if begin.Err() != nil {
				report.Stopped = true
				return report, nil
			}
			report.Partitions++
			c.partition(ctx, begin, listing, &report)
		}
	}
	return report, nil
}

// untilMargin returns a context that ends earlier than ctx by Config.Margin: no merge
// begins after its end.
func (c *Compactor) untilMargin(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, limited := ctx.Deadline()
	if !limited {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-c.config.Margin))
}

// partition plans and merges until there is nothing to do, without the inputs that
// turn out to be no sound segments.
func (c *Compactor) partition(ctx, begin context.Context, listing Listing, report *Report) {
	bad := map[string]bool{}
	for begin.Err() == nil {
		plan := NewPlan(listing, bad, c.config.Now(), c.config)
		if plan.Stuck {
			report.Stuck = append(report.Stuck, listing.Partition.String())
		}
		if len(plan.Inputs) == 0 {
			return
		}
		output, err := c.merge(ctx, plan, report)
		var unsound *segment.ObjectError
		switch {
		case errors.As(err, &unsound) && plan.reads(unsound.Key):
			bad[unsound.Key] = true
			report.Unreadable[unsound.Key] = unsound.Error()
			continue
		case errors.Is(err, fs.ErrNotExist): // somebody else compacts here
			report.Missed++
		case err != nil:
			report.Failed[listing.Partition.String()] = err.Error()
			c.config.Log.Warn("compact partition", "partition", listing.Partition.String(), "error", err)
		default:
			listing = listing.after(plan, output)
			continue
		}
		return
	}
	report.Stopped = true
}
