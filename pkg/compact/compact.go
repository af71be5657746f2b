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
//   - A plan may be carried out twice, late, or by two compactors at the same time. If their
//     configurations are equal, the output always has the same bytes. Its key contains their digest,
//     so the key is always the same, too. Otherwise, there may be two outputs with the same rows,
//     because StageBytes decides whether the summaries fit.
//   - A merge checks the rows of each input against the input's footer. If an input is missing, the
//     merge is abandoned. An input that is not a valid segment is left out and reported. It is
//     deleted only if a verified output of an earlier merge holds it.
//   - Segments are deleted only after the output has been read back from the store and contains
//     exactly the union of the inputs' rows. The output's key sorts after the keys of the deleted
//     segments.
//   - A merge holds one row group per input in memory. The footers state how much memory a row
//     group takes, so a plan can limit the memory of its merge, even if the rows are many or long.
//   - An output carries the summaries of its rows, unless they do not fit in Config.StageBytes. They
//     are derived from the rows alone.
//   - A merge stages its output in one file, and the devices of the output in another. Their total
//     size is limited. The files have no names, so a killed process leaves nothing behind.
//   - Instances take turns, and each turn is bounded. Compactor.Run keeps in memory the listing of
//     one page or of one partition, and a position in each instance.
package compact

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"time"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
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
	// Fanout is the number of compacted segments of one level in a partition at which they are
	// merged. Ended runs are merged at half this number, but at least 2. Once the partition is
	// closed and quiet, Fanout no longer matters; see Quiet. At least 2; default 8.
	Fanout int
	// MaxInputs is the maximum number of inputs of one merge. A partition with more inputs needs
	// several merges. At least 2; default 64.
	MaxInputs int
	// MemoryBytes is the maximum memory, in bytes, that the inputs of one merge may need; see
	// segment.Footer.MergeMemory. A segment that needs more than half of it is never merged.
	// Default 80 MiB.
	MemoryBytes int64
	// LargeBytes is the size, in bytes, at which a segment is no longer merged. A closed partition
	// with such segments does not become a single object. Default 256 MiB.
	LargeBytes int64
	// StageBytes is the maximum size, in bytes, of a staged output and its devices, and therefore
	// the maximum disk space that a call to Run uses in Dir. Summaries that would exceed it are
	// left out. A merge's inputs total at most seven eighths of StageBytes, because an output may
	// turn out slightly larger than its inputs. Default 448 MiB, which fits on the 512 MB disk of a
	// Function Compute instance.
	StageBytes int64
	// RunAge is the age at which a recorder ends a run; see record.Config. Until a partition is
	// closed and quiet, its runs are merged only once they have probably ended. A run has probably
	// ended if it began at least RunAge plus two minutes ago, or if its newest object is 16 KiB or
	// larger. An earlier merge would be useless but harmless. Default 10 minutes.
	RunAge time.Duration
	// Quiet is the time without writes after which a closed partition is merged down to one object.
	// Default 30 minutes.
	Quiet time.Duration
	// Margin is the minimum time that must be left before the context's deadline when Run starts a
	// merge. Default 15 seconds.
	Margin time.Duration
	// Dir is the directory in which outputs are staged. An output must be complete before it
	// is put, because its key contains its digest. Default os.TempDir.
	Dir string
	// Now returns the current time. It determines only whether a partition is closed and quiet, and
	// whether a run has probably ended. Default time.Now. If the compactor is used concurrently,
	// Now and IntN must be safe for concurrent use.
	Now func() time.Time
	// IntN returns a random number from 0 to n-1. It determines the order in which Run visits the
	// instances and their shards. Default rand.IntN.
	IntN func(n int) int
	// Log receives a warning for each partition whose merge failed. By default nothing is logged.
	Log *slog.Logger
}

func (c Config) withDefaults() Config {
	c.Fanout = cmp.Or(c.Fanout, 8)
	c.MaxInputs = cmp.Or(c.MaxInputs, 64)
	c.MemoryBytes = cmp.Or(c.MemoryBytes, 80<<20)
	c.LargeBytes = cmp.Or(c.LargeBytes, 256<<20)
	c.StageBytes = cmp.Or(c.StageBytes, 448<<20)
	c.RunAge = cmp.Or(c.RunAge, 10*time.Minute)
	c.Quiet = cmp.Or(c.Quiet, 30*time.Minute)
	c.Margin = cmp.Or(c.Margin, 15*time.Second)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.IntN == nil {
		c.IntN = rand.IntN
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
	case c.MemoryBytes < 0:
		return fmt.Errorf("MemoryBytes must not be negative: %d", c.MemoryBytes)
	case c.LargeBytes < 0:
		return fmt.Errorf("LargeBytes must not be negative: %d", c.LargeBytes)
	case c.StageBytes < 0:
		return fmt.Errorf("StageBytes must not be negative: %d", c.StageBytes)
	case c.RunAge < 0:
		return fmt.Errorf("RunAge must not be negative: %v", c.RunAge)
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
	// Finished is the number of interrupted merges whose outputs were verified. Run then deletes
	// the inputs that these merges left behind.
	Finished int `json:"finished"`
	// Missed is the number of merges that were abandoned because an input was missing. Usually
	// another compactor had already merged and deleted the input.
	Missed int `json:"missed"`
	// Foreign is the number of objects whose keys do not belong to the layout.
	Foreign int `json:"foreign"`
	// Stuck lists the partitions that cannot be merged because no higher level exists for the
	// output.
	Stuck []string `json:"stuck,omitempty"`
	// Unreadable maps the keys of objects that are not valid segments to the reasons. It omits the
	// objects that Run has deleted because a verified segment holds them.
	Unreadable map[string]string `json:"unreadable,omitempty"`
	// Failed holds the error for each partition whose merge failed.
	Failed map[string]string `json:"failed,omitempty"`
	// Stopped reports whether Run stopped early, either because less than Config.Margin was left or
	// because ctx was done. The next call to Run continues the work.
	Stopped bool `json:"stopped"`
}

// Run merges every partition of the given share that is due for a merge.
//
// Instances take turns, in a random order. A turn visits the partitions of one listing page, and
// ends early after turnMerges merges. So a large instance delays the others by at most one turn per
// round. If Run ends early, the next call to Run continues the work, because it finds the
// partitions that are still due.
//
// Run makes one list request for the layout marker, one per 1,000 instances, and usually one per
// turn. If an instance takes more than one page, its first turn usually makes a second list
// request, to begin at a random shard. A partition with more than 1,000 objects takes more. For
// each merge, Run makes these requests:
//
//   - For each input and for the output, one read per row group and usually one read for the
//     footer.
//   - Two more reads for the rest of the output, so that its digest can be computed.
//   - One put.
//   - One bulk delete per 1,000 superseded objects.
//
// To finish an interrupted merge, Run reads the whole output instead of merging. If an object is
// not a valid segment, Run also reads the footers of the partition's segments of higher levels,
// because one of them may hold the object.
//
// If a partition fails, Run reports the failure and continues with the next partition. If less than
// Config.Margin is left before the deadline of ctx, or ctx is canceled, Run stops early without an
// error.
//
// Run returns an error in these cases:
//
//   - The layout's markers are contradictory or unknown.
//   - The share's range of shards has more digits than the bucket's shards.
//   - A listing fails.
//   - A retention policy of the bucket refuses a delete (objstore.ErrImmutable). Run then stops
//     immediately, because every later merge would only add an object.
//
// The report then covers the work done before the error.
func (c *Compactor) Run(ctx context.Context, share Share) (Report, error) {
	report := Report{Unreadable: map[string]string{}, Failed: map[string]string{}}
	removeOrphans(c.config.Dir)
	walks, err := c.walks(ctx, share)
	if err != nil {
		return report, err
	}
	begin, cancel := c.untilMargin(ctx)
	defer cancel()
	for len(walks) > 0 { // one round
		left := walks[:0]
		for _, w := range walks {
			if begin.Err() != nil {
				report.Stopped = true
				return report, nil
			}
			if err := c.turn(ctx, begin, w, &report); err != nil {
				return report, err
			}
			if !w.done() {
				left = append(left, w)
			}
		}
		walks = left
	}
	return report, nil
}

// walks returns a walk through each instance of the share, in a random order. It returns none if
// the bucket is not in use yet.
func (c *Compactor) walks(ctx context.Context, share Share) (walks []*walk, err error) {
	l, err := layout.Find(ctx, c.store)
	if err != nil || l.Shards == 0 {
		return nil, err
	}
	shards, err := share.Shards.ShardsOf(l)
	if err != nil {
		return nil, err
	}
	instances, err := layout.Instances(ctx, c.store)
	if err != nil {
		return nil, err
	}
	for _, instance := range instances {
		if share.Instances.Contains(instance) {
			walks = append(walks, newWalk(instance, shards))
			last, other := len(walks)-1, c.config.IntN(len(walks))
			walks[last], walks[other] = walks[other], walks[last]
		}
	}
	return walks, nil
}

// turnMerges is the number of merges after which an instance's turn ends. Each turn makes its own
// list request, so a much lower number would cost many requests.
const turnMerges = 8

// turn visits the partitions on the walk's next listing page. It ends early after turnMerges
// merges, or once the context begin is done. The next turn then starts with the partition that is
// not finished.
func (c *Compactor) turn(ctx, begin context.Context, w *walk, report *Report) error {
	objects, last, err := w.next(ctx, c.store, c.config.IntN)
	if err != nil {
		return err
	}
	merges, segments := turnMerges, 0
	for _, listing := range Listings(objects) {
		if !w.visits(listing.Partition.Shard) {
			continue
		}
		finished, err := c.partition(listing, report).compact(ctx, begin, &merges)
		if err != nil {
			return err
		}
		if !finished {
			objects, last = objects[:keysBelow(objects, listing.Segments[0].Key)], false
			break
		}
		report.Partitions++
		segments += len(listing.Segments)
	}
	report.Foreign += len(objects) - segments
	w.advance(objects, last)
	return nil
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
