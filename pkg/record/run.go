package record

import (
	"io"
	"time"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/segment"
)

// run is a writer's open, growing set of rows in one partition.
type run struct {
	where   layout.Partition
	id      string
	started time.Time
	// rows are sorted and distinct. They include every row of every put of the run,
	// whether or not the put was confirmed.
	rows []segment.Row
	// memory is the approximate size of rows in bytes. It must not change while the run is open,
	// because partition.hold adds memory to Writer.open when it opens the run, and subtracts memory
	// when it closes the run.
	memory int64
	// size is the size of the run's last object in bytes.
	size int
	// seq is the last sequence number used.
	seq int
	// superseded lists the keys of the run's superseded objects that may still exist.
	superseded []string
	// confirmed is the key of the last confirmed put. It is empty before the first confirmed put.
	confirmed string
	// unconfirmed lists the keys of all puts since the last confirmed put. The outcome of
	// these puts is unknown.
	unconfirmed []string
}

// newRun returns an empty run with a new identifier.
func newRun(where layout.Partition, random io.Reader, now time.Time) (*run, error) {
	id, err := layout.NewRunID(now, random)
	if err != nil {
		return nil, err
	}
	return &run{where: where, id: id, started: now}, nil
}

// over reports whether the run must end because it has reached a limit. If the clock is set back,
// the run may end late, or at once if now is at least RunAge before the run's start. Either is
// harmless.
func (r *run) over(now time.Time, c Config) bool {
	age := now.Sub(r.started).Abs()
	return len(r.rows) >= c.RunRows || r.size >= c.RunBytes || age >= c.RunAge || r.seq >= layout.MaxSeq
}

// nextKey returns the key for the next put. Its sequence number is never reused, whatever the
// outcome of the put.
func (r *run) nextKey() string {
	r.seq++
	return layout.Name{Run: r.id, Seq: r.seq}.Key(r.where)
}

// confirm records that the put of key succeeded. The new object contains all rows of the run's
// earlier objects, so these are now superseded.
func (r *run) confirm(key string) {
	if r.confirmed != "" {
		r.superseded = append(r.superseded, r.confirmed)
	}
	r.superseded = append(r.superseded, r.unconfirmed...)
	r.confirmed, r.unconfirmed = key, nil
}

// takeSuperseded removes and returns the superseded keys whose objects may be deleted now. It keeps
// the last superseded key, because a slow reader may have listed that object but not read it yet.
func (r *run) takeSuperseded() []string {
	if len(r.superseded) < 2 {
		return nil
	}
	last := len(r.superseded) - 1
	keys := r.superseded[:last]
	r.superseded = []string{r.superseded[last]}
	return keys
}
