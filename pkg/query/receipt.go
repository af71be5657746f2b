package query

import (
	"context"
	"sync"
	"sync/atomic"
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
	// MS is the time the trace took, in milliseconds.
	MS float64 `json:"ms"`
	// Partitions are the partitions that the request covers, such as
	// instance=prod/shard=4/day=2026-11-22.
	Partitions []string `json:"partitions"`
}

// Plus returns the sum of two receipts.
func (r Receipt) Plus(other Receipt) Receipt {
	return Receipt{
		Objects: r.Objects + other.Objects, Requests: r.Requests + other.Requests,
		Bytes: r.Bytes + other.Bytes, MS: r.MS + other.MS,
		Partitions: append(append([]string{}, r.Partitions...), other.Partitions...), // never nil, which would be null in JSON
	}
}

// meter wraps the store for one trace and counts the requests, objects and bytes.
type meter struct {
	store           Store
	requests, bytes atomic.Int64
	objects         sync.Map // the keys of objects that were read

	now     func() time.Time
	started time.Time
	explain bool
	mu      sync.Mutex
	steps   []Step // recorded only if explain is true
}

// newMeter returns a meter whose time starts now. If explain is true, the meter also records steps.
func (r *Reader) newMeter(explain bool) *meter {
	return &meter{store: r.store, now: r.config.Now, started: r.config.Now(), explain: explain}
}

func (m *meter) Read(ctx context.Context, key string, off, n int64) ([]byte, error) {
	m.requests.Add(1)
	began := m.now()
	data, err := m.store.Read(ctx, key, off, n)
	m.bytes.Add(int64(len(data)))
	if err == nil {
		m.objects.Store(key, nil)
	}
	m.note(began, Step{Request: "read", Key: key, Offset: off, Bytes: int64(len(data))})
	return data, err
}

func (m *meter) List(ctx context.Context, prefix, after string) (objstore.Page, error) {
	m.requests.Add(1)
	began := m.now()
	page, err := m.store.List(ctx, prefix, after)
	m.note(began, Step{Request: "list", Key: prefix, Objects: len(page.Objects)})
	return page, err
}

func (m *meter) Prefixes(ctx context.Context, prefix, after string) (objstore.PrefixPage, error) {
	m.requests.Add(1)
	began := m.now()
	page, err := m.store.Prefixes(ctx, prefix, after)
	m.note(began, Step{Request: "list", Key: prefix, Objects: len(page.Prefixes)})
	return page, err
}

func (m *meter) countObjects() (n int) {
	m.objects.Range(func(any, any) bool {
		n++
		return true
	})
	return n
}

// receipt returns the cost so far. partitions are the partitions that the request covers.
func (m *meter) receipt(partitions []*partition) Receipt {
	r := Receipt{
		Objects:    m.countObjects(),
		Requests:   int(m.requests.Load()),
		Bytes:      m.bytes.Load(),
		MS:         milliseconds(m.now().Sub(m.started)),
		Partitions: []string{},
	}
	for _, p := range partitions {
		r.Partitions = append(r.Partitions, p.where.String())
	}
	return r
}
