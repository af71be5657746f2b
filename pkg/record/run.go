package record

import (
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/segment"
)

// run is the open, growing set of rows of this writer in one partition.
type run struct {
	where   layout.Partition
	id      string
	started time.Time
	// rows are sorted and distinct: all that any put of the run held, and more where
	// a put's outcome is unknown.
	rows []segment.Row
	// memory is about what rows take, in bytes; it changes only while the run is not held.
	memory int64
	// size is that of the run's last object, in bytes.
	size int
	// seq is the last sequence number that was spent.
	seq int
	// superseded are keys below the last confirmed put that may still be there.
	superseded []string
	// confirmed is the key of the last confirmed put; empty before the first.
	confirmed string
	// unconfirmed are keys of puts since then whose outcome is unknown.
	unconfirmed []string
}

func newRun(where layout.Partition, random io.Reader, now time.Time) (*run, error) {
	var id [16]byte
	if _, err := io.ReadFull(random, id[:]); err != nil {
		return nil, fmt.Errorf("draw run identifier: %w", err)
	}
	return &run{where: where, id: hex.EncodeToString(id[:]), started: now}, nil
}

// over reports whether the run takes no more rows. A clock that goes back makes a
// run longer, or ends it early; neither matters.
func (r *run) over(now time.Time, c Config) bool {
	age := now.Sub(r.started)
	return len(r.rows) >= c.RunRows || r.size >= c.RunBytes || age >= c.RunAge || age < 0 || r.seq >= layout.MaxSeq
}

// nextKey spends a sequence number.
func (r *run) nextKey() string {
	r.seq++
	return layout.Name{Run: r.id, Seq: r.seq}.Key(r.where)
}

// confirm notes that the put of key succeeded: whatever the run put before holds
// no row that key does not.
func (r *run) confirm(key string) {
	if r.confirmed != "" {
		r.superseded = append(r.superseded, r.confirmed)
	}
	r.superseded = append(r.superseded, r.unconfirmed...)
	r.confirmed, r.unconfirmed = key, nil
}

// takeSuperseded returns the keys to delete, but for the last of them: a slow
// reader may have listed it a moment ago.
func (r *run) takeSuperseded() []string {
	if len(r.superseded) < 2 {
		return nil
	}
	last := len(r.superseded) - 1
	keys := r.superseded[:last]
	r.superseded = []string{r.superseded[last]}
	return keys
}
