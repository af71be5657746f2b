package query

import (
	"sync"

	"devicetrace/pkg/segment"
)

// footerCache keeps footers of compacted objects, which never change. When full, it evicts
// the footers it has held longest: they are the most likely to be superseded, and reading
// one again costs a single request. Eviction depends on the order of puts alone. A
// footerCache is safe for concurrent use.
type footerCache struct {
	mu      sync.Mutex
	free    int64 // bytes of memory
	footers map[string]*segment.Footer
	keys    []string // the keys of footers, oldest first
}

func newFooterCache(budget int64) *footerCache {
	return &footerCache{free: budget, footers: map[string]*segment.Footer{}}
}

// get returns the footer of an object, or nil if it is not cached.
func (c *footerCache) get(key string) *segment.Footer {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.footers[key]
}

// put adds the footer of an object. A footer larger than the whole
// budget is kept until the next put.
func (c *footerCache) put(key string, footer *segment.Footer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.footers[key]; known {
		return
	}
	c.free -= footer.Memory()
	for c.free < 0 && len(c.keys) > 0 {
		oldest := c.keys[0]
		c.keys = c.keys[1:]
		c.free += c.footers[oldest].Memory()
		delete(c.footers, oldest)
	}
	c.footers[key] = footer
	c.keys = append(c.keys, key)
}
