package query

import (
	"sync"

	"devicetrace/pkg/segment"
)

// footerCache caches the footers of compacted objects, which never change. When the cache is full,
// it evicts the oldest entries, even if they were used recently. The oldest entries are the most
// likely to belong to superseded objects. If an evicted footer is needed again, reading it costs
// only one request. A footerCache is safe for concurrent use.
type footerCache struct {
	mu      sync.Mutex
	free    int64 // the unused part of the budget, in bytes
	footers map[string]*segment.Footer
	keys    []string // the keys of the map, in the order in which they were added
}

func newFooterCache(budget int64) *footerCache {
	return &footerCache{free: budget, footers: map[string]*segment.Footer{}}
}

// get returns the cached footer of an object, or nil if the cache does not contain one.
func (c *footerCache) get(key string) *segment.Footer {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.footers[key]
}

// put adds an object's footer. A footer that is larger than the whole budget is kept until
// another footer is added.
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
