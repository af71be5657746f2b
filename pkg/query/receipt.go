package query

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"devicetrace/pkg/objstore"
)

// Receipt states the cost of a trace.
type Receipt struct {
	// Objects is the number of objects that were read, wholly or in part.
	Objects int `json:"objects"`
	// Requests is the number of requests to the store, not counting retries inside the store.
	Requests int `json:"requests"`
	// Bytes is the number of bytes read from objects, not counting listings.
	Bytes int64 `json:"bytes"`
	// MS is the time the trace took, in milliseconds with at most three decimals.
	MS float64 `json:"ms"`
	// Partitions are the partitions that the search covered, such as
	// instance=prod/shard=4/day=2026-11-22, in ascending order.
	Partitions []string `json:"partitions"`
}

// Plus returns the sum of two receipts.
func (r Receipt) Plus(other Receipt) Receipt {
	return Receipt{
		Objects: r.Objects + other.Objects, Requests: r.Requests + other.Requests,
		Bytes: r.Bytes + other.Bytes, MS: math.Round((r.MS+other.MS)*1000) / 1000, // without 0.30000000000000004
		Partitions: append(append([]string{}, r.Partitions...), other.Partitions...), // never nil, which would be null in JSON
	}
}

// Step describes one request that was sent to the store for a trace. Steps whose times overlap ran
// in parallel.
type Step struct {
	// Request is "list" or "read".
	Request string `json:"request"`
	// Key is the prefix that was listed or the key of the object that was read.
	Key string `json:"key"`
	// Objects is the number of objects or common prefixes that a list request returned.
	Objects int `json:"objects,omitempty"`
	// Offset and Bytes give the range that was read from the object.
	Offset int64 `json:"offset,omitempty"`
	Bytes  int64 `json:"bytes,omitempty"`
	// AtMS is the time from the start of the trace to the start of the request. MS is the
	// duration of the request. Both are in milliseconds.
	AtMS float64 `json:"at_ms"`
	MS   float64 `json:"ms"`
}

// meter wraps the store for one trace and records the requests.
type meter struct {
	store   Store
	now     func() time.Time
	started time.Time
	explain bool
	budget  Budget

	mu       sync.Mutex
	requests int             // including those in progress
	bytes    int64           // including those that are being read
	objects  map[string]bool // the keys of the objects that were read
	steps    []Step          // recorded only if explain is true
}

// newMeter returns a meter that measures the time from now on. If explain is true, the meter also
// records steps. Requests that the budget does not allow fail with errBudget.
func (r *Reader) newMeter(explain bool, budget Budget) *meter {
	return &meter{
		store: r.store, now: r.config.Now, started: r.config.Now(), explain: explain, budget: budget, objects: map[string]bool{},
	}
}

// begin counts a request that reads the given number of bytes, if the budget allows it.
func (m *meter) begin(bytes int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.budget.allows(m.requests+1, m.bytes+bytes) {
		return errBudget
	}
	m.requests++
	m.bytes += bytes
	return nil
}

// refund takes back bytes that begin counted, because they were not read.
func (m *meter) refund(bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.bytes -= bytes
}

// spent returns the cost so far.
func (m *meter) spent() (requests int, bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.requests, m.bytes
}

func (m *meter) Read(ctx context.Context, key string, off, n int64) ([]byte, error) {
	if err := m.begin(n); err != nil {
		return nil, err
	}
	began := m.now()
	data, err := m.store.Read(ctx, key, off, n)
	m.note(began, Step{Request: "read", Key: key, Offset: off, Bytes: int64(len(data))})
	if err != nil {
		m.refund(n)
	}
	return data, err
}

func (m *meter) List(ctx context.Context, prefix, after string) (objstore.Page, error) {
	if err := m.begin(0); err != nil {
		return objstore.Page{}, err
	}
	began := m.now()
	page, err := m.store.List(ctx, prefix, after)
	m.note(began, Step{Request: "list", Key: prefix, Objects: len(page.Objects)})
	return page, err
}

func (m *meter) Prefixes(ctx context.Context, prefix, after string) (objstore.PrefixPage, error) {
	if err := m.begin(0); err != nil {
		return objstore.PrefixPage{}, err
	}
	began := m.now()
	page, err := m.store.Prefixes(ctx, prefix, after)
	m.note(began, Step{Request: "list", Key: prefix, Objects: len(page.Prefixes)})
	return page, err
}

// note records a request that has just finished.
func (m *meter) note(began time.Time, s Step) {
	s.AtMS, s.MS = milliseconds(began.Sub(m.started)), milliseconds(m.now().Sub(began))
	m.mu.Lock()
	defer m.mu.Unlock()
	if s.Bytes > 0 {
		m.objects[s.Key] = true
	}
	if m.explain {
		m.steps = append(m.steps, s)
	}
}

// receipt returns the cost so far. partitions are the partitions that the request covers.
func (m *meter) receipt(partitions []*partition) Receipt {
	r := Receipt{
		Objects:    len(m.objects),
		Requests:   m.requests,
		Bytes:      m.bytes,
		MS:         milliseconds(m.now().Sub(m.started)),
		Partitions: []string{},
	}
	for _, p := range partitions {
		r.Partitions = append(r.Partitions, p.where.String())
	}
	slices.Sort(r.Partitions)
	return r
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
