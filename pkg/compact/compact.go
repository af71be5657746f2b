// Package compact merges the many small segments of a partition into a few larger ones. It then
// deletes the superseded segments, which are no longer needed because the output of the merge
// contains their rows.
//
// A plan says which segments to merge. A merge carries out a plan. A partition is open until its
// UTC day is over. After that it is closed.
//
// Invariants:
//
//   - NewPlan is a pure function.
//   - A plan may be carried out twice, late, or by two compactors at once. The output always has
//     the same bytes. Its key contains the digest of these bytes, so the key is always the same
//     too.
//   - A merge checks the rows of each input against the input's footer. If an input is missing, the
//     merge is abandoned. An input that is not a valid segment is left out, reported and never
//     deleted.
//   - Segments are deleted only after the output has been read back from the store and contains
//     exactly the union of the inputs' rows. The output's key sorts after the keys of the deleted
//     segments.
//   - A merge holds one row group per input in memory, and the number of inputs is limited. So the
//     memory of a merge is bounded, however large the partition is.
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
	Prefixes(ctx context.Context, prefix, after string) (objstore.PrefixPage, error)
	Delete(ctx context.Context, keys ...string) error
}

// Config configures a Compactor. The zero value of a field means its default.
type Config struct {
	// Fanout determines when a merge of an open partition is due: when the partition has at least
	// this many runs, or at least this many compacted segments on one level. At least 2; default 8.
	Fanout int
	// MaxInputs is the maximum number of inputs of one merge. It limits the memory that a merge
	// needs. A partition with more inputs needs several merges. At least 2; default 64.
	MaxInputs int
	// Quiet is the time without writes after which a closed partition is merged down to one object.
	// Default 30 minutes.
	Quiet time.Duration
	// Margin is the minimum time that must be left before the context's deadline when Run starts a
	// merge. Default 15 seconds.
	Margin time.Duration
	// Dir is the directory in which outputs are staged. An output must be complete before it
	// is put, because its key contains its digest. Default os.TempDir.
	Dir string
	// Now is the clock. It is used only to decide whether a partition is closed and quiet. Default
	// time.Now. If the compactor is used concurrently, Now and Shuffle must be safe for concurrent
	// use.
	Now func() time.Time
	// Shuffle sets the order in which Run visits the shards. It is called like rand.Shuffle.
	// A random order keeps slow shards from starving the other shards. Default rand.Shuffle.
	Shuffle func(n int, swap func(i, j int))
	// Log receives a warning for each partition whose merge failed. By default nothing is logged.
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

// Validate returns an error if a field is out of range. The error names the first such field.
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

// Compactor merges segments. It is safe for concurrent use. Several compactors may work on the
// same bucket at the same time.
type Compactor struct {
	store  Store
	config Config
}

// New returns a compactor. New makes no requests.
func New(store Store, config Config) (*Compactor, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("configure compactor: %w", err)
	}
	return &Compactor{store: store, config: config.withDefaults()}, nil
}

// Report says what a call to Run did.
type Report struct {
	// Partitions is the number of partitions examined. Merges is the number of outputs
	// written and verified.
	Partitions int `json:"partitions"`
	Merges     int `json:"merges"`
	// Inputs is the number of objects merged, and Deleted the number of objects deleted. Rows
	// and Bytes are the total rows and bytes of the outputs.
	Inputs  int   `json:"inputs"`
	Deleted int   `json:"deleted"`
	Rows    int64 `json:"rows"`
	Bytes   int64 `json:"bytes"`
	// Missed is the number of merges that were abandoned because an input was missing. Usually
	// another compactor had already merged and deleted the input.
	Missed int `json:"missed"`
	// Foreign is the number of objects whose keys do not belong to the layout.
	Foreign int `json:"foreign"`
	// Stuck lists the partitions that cannot be merged because no higher level exists for the
	// output.
	Stuck []string `json:"stuck,omitempty"`
	// Unreadable maps the keys of objects that are not valid segments to the reasons. Such objects
	// are never deleted.
	Unreadable map[string]string `json:"unreadable,omitempty"`
	// Failed holds the error for each partition whose merge failed.
	Failed map[string]string `json:"failed,omitempty"`
	// Stopped reports whether Run stopped early, either because less than Config.Margin was left or
	// because ctx was done. The next call to Run continues the work.
	Stopped bool `json:"stopped"`
}

// Run merges every partition of the given shards that is due for a merge. The zero range means all
// shards.
//
// Run makes one list request for the layout's marker and one per 1,000 instances. It also makes one
// list request per 1,000 objects of each instance's shard, and at least one per shard. For each merge, Run makes these requests:
//
//   - For each input and for the output, one read per row group and usually one read for the
//     footer.
//   - One put.
//   - One bulk delete per 1,000 superseded objects.
//
// If a partition fails, Run reports the failure and continues with the next partition. If less than
// Config.Margin is left before the deadline of ctx, Run stops early without an error.
//
// Run returns an error in these cases:
//
//   - The layout's markers are contradictory or unknown.
//   - The given range has more digits than the bucket's shards.
//   - A listing fails.
//
// The report then covers the work done before the error.
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
	instances, err := layout.Instances(ctx, c.store)
	if err != nil {
		return report, err
	}
	var prefixes []string
	for _, instance := range instances {
		for _, shard := range within {
			prefixes = append(prefixes, layout.ShardPrefix(instance, shard))
		}
	}
	c.config.Shuffle(len(prefixes), func(i, j int) { prefixes[i], prefixes[j] = prefixes[j], prefixes[i] })
	begin, cancel := c.untilMargin(ctx)
	defer cancel()
	for _, prefix := range prefixes {
		objects, err := objstore.All(ctx, c.store, prefix, "")
		if err != nil {
			return report, fmt.Errorf("list %q: %w", prefix, err)
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

// untilMargin returns a context whose deadline is Config.Margin earlier than the deadline of ctx.
// Once the returned context is done, Run must not start another merge.
func (c *Compactor) untilMargin(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, limited := ctx.Deadline()
	if !limited {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-c.config.Margin))
}

// partition plans and merges until no merge is due or a merge fails. If an input turns out not to
// be a valid segment, partition makes a new plan without that input. Once the begin context is
// done, partition starts no more merges.
func (c *Compactor) partition(ctx, begin context.Context, listing Listing, report *Report) {
	invalid := map[string]bool{}
	for begin.Err() == nil {
		plan := NewPlan(listing, invalid, c.config.Now(), c.config)
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
			invalid[damage.Key] = true
			report.Unreadable[damage.Key] = damage.Error()
			continue
		case errors.Is(err, fs.ErrNotExist): // usually because another compactor was faster
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
