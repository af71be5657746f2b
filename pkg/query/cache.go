package query

import (
	"sync"

	"devicetrace/pkg/segment"
)

// footerCache keeps footers of compacted objects, which never change. Once full it
// drops those it has had longest: a footer costs one request to have again, and the
// oldest are the likeliest to be superseded. The same calls drop the same footers.
type footerCache struct {
	mu      sync.Mutex
	room    int64 // bytes of memory
	footers map[string]*segment.Footer
	keys    []string // of footers, oldest first
}

func newFooterCache(room int64) *footerCache {
	return &footerCache{room: room, footers: map[string]*segment.Footer{}}
}

func (c *footerCache) get(key string) *segment.Footer {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.footers[key]
}

func (c *footerCache) put(key string, footer *segment.Footer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.footers[key]; known {
		return
	}
	c.room -= footer.Memory()
	for c.room < 0 && len(c.keys) > 0 {
		oldest := c.keys[0]
		c.keys = c.keys[1:]
		c.room += c.footers[oldest].Memory()
		delete(c.footers, oldest)
	}
	c.footers[key] = footer
	c.keys = append(c.keys, key)
}
