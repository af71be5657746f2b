// Package compact merges the many small segments of a partition into a few sorted ones and
// deletes the segments that this supersedes.
//
// A plan says which segments to merge; a merge carries it out. A partition is open until its
// UTC day is over, then closed.
//
// What always holds:
//
//   - A plan is a pure function of a listing. It is safe to merge it twice, late, or by two
//     compactors at once, because the same inputs make the same bytes under the same key: a
//     compacted segment is named by its digest.
//   - Inputs are checked against their footers as they stream. A missing input ends the
//     merge. An input that is not a sound segment is left out, reported and never deleted.
//   - A key is deleted only after the output, which sorts later, was read back from the store
//     and found to hold exactly the union of the inputs' rows.
//   - Memory is bounded by one row group for each of a bounded number of inputs, however
//     large the day is.
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

// Store lists the methods of an object store that a compactor calls.
type Store interface {
	Put(ctx context.Context, key string, body io.ReaderAt, size int64) error
	Read(ctx context.Context, key string, off, n int64) ([]byte, error)
	List(ctx context.Context, prefix, after string) (objstore.Page, error)
	Delete(ctx context.Context, keys ...string) error
}

// Config configures a Compactor. The zero value of a field means its default.
type Config struct {
	// Fanout is the number of runs or segments of one level at which an open partition is
	// merged. At least 2; default 8.
	Fanout int
	// MaxInputs is the maximum number of inputs of one merge, which bounds its memory. More
	// inputs take several merges. At least 2; default 64.
	MaxInputs int
	// Quiet is the time without a write after which a closed partition is merged down to one
	// object. Default 30 minutes.
	Quiet time.Duration
	// Margin is the time before the context's deadline in which no merge begins any more.
	// Default 15 seconds.
	Margin time.Duration
	// Dir is the directory in which outputs are staged, because their names depend on their
	// digests. Default os.TempDir.
	Dir string
	// Now is the clock. It decides only whether a partition is closed and quiet. It must be
	// safe for concurrent use if the compactor is used so, as must Shuffle. Default time.Now.
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

// Validate returns an error that names the first field that is out of range.
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

// Compactor merges segments. It is safe for concurrent use, and next to other compactors of
// the same bucket.
type Compactor struct {
	store  Store
	config Config
}

// New returns a compactor. It makes no requests.
func New(store Store, config Config) (*Compactor, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("configure compactor: %w", err)
	}
	return &Compactor{store: store, config: config.withDefaults()}, nil
}

// Report says what a run did.
type Report struct {
	// Partitions is the number of partitions examined, Merges the number of outputs written
	// and verified.
	Partitions int `json:"partitions"`
	Merges     int `json:"merges"`
	// Inputs and Deleted count the objects merged and deleted. Rows and Bytes are the sums
	// of the outputs.
	Inputs  int   `json:"inputs"`
	Deleted int   `json:"deleted"`
	Rows    int64 `json:"rows"`
	Bytes   int64 `json:"bytes"`
	// Missed is the number of merges that ended because an input was missing, usually
	// because another compactor was faster.
	Missed int `json:"missed"`
	// Foreign is the number of objects whose keys do not belong to the layout.
	Foreign int `json:"foreign"`
	// Stuck lists partitions that cannot be merged because no higher level exists.
	Stuck []string `json:"stuck,omitempty"`
	// Unreadable maps the key of each object that is not a sound segment to the reason. Such
	// objects are never deleted.
	Unreadable map[string]string `json:"unreadable,omitempty"`
	// Failed maps each partition whose merge failed to the error.
	Failed map[string]string `json:"failed,omitempty"`
	// Stopped reports whether the run ended early for its deadline. The next run continues.
	Stopped bool `json:"stopped"`
}

// Run compacts every partition in the given shards that is due. The zero range means all shards.
// Run lists the layout's marker and the shards, with one request for each 1,000 objects of a
// shard and at least one per shard. A merge costs at least a read for each input, a put, a
// read of the output and a bulk delete.
//
// A partition that fails is reported, and the run continues with the next one. Run
// returns an error if the shards do not fit the layout or if a listing fails; the report then
// covers the work done before. Run stops early, without an error, when Config.Margin is
// reached.
func (c *Compactor) Run(ctx context.Context, shards layout.ShardRange) (Report, error) {
	report := Report{Unreadable: map[string]string{}, Failed: map[string]string{}}
	l, err := layout.Find(ctx, c.store)
	if err != nil || l.Shards == 0 {
		return report, err
	}
	within, err := shards.ShardsOf(l)
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

// untilMargin returns a context that ends Config.Margin before ctx. No merge begins after
// its end.
func (c *Compactor) untilMargin(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, limited := ctx.Deadline()
	if !limited {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-c.config.Margin))
}

// partition plans and merges until nothing is due or begin ends. It leaves out inputs that
// turn out not to be sound segments.
func (c *Compactor) partition(ctx, begin context.Context, listing Listing, report *Report) {
	unsound := map[string]bool{}
	for begin.Err() == nil {
		plan := NewPlan(listing, unsound, c.config.Now(), c.config)
		if plan.Stuck {
			report.Stuck = append(report.Stuck, listing.Partition.String())
		}
		if len(plan.Inputs) == 0 {
			return
		}
		output, err := c.merge(ctx, plan, report)
		var damage *segment.ObjectError
		switch {
		case errors.As(err, &damage) && plan.reads(damage.Key):
			unsound[damage.Key] = true
			report.Unreadable[damage.Key] = damage.Error()
			continue
		case errors.Is(err, fs.ErrNotExist): // another compactor was faster
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
