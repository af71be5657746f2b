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
	room    int64 // bytes, as stored; a parsed footer takes a few times as many
	footers map[string]cachedFooter
	keys    []string // of footers, oldest first
}

type cachedFooter struct {
	footer *segment.Footer
	size   int64
}

func newFooterCache(room int64) *footerCache {
	return &footerCache{room: room, footers: map[string]cachedFooter{}}
}

func (c *footerCache) get(key string) *segment.Footer {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.footers[key].footer
}

func (c *footerCache) put(key string, footer *segment.Footer, size int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.footers[key]; known {
		return
	}
	c.room -= size
	for c.room < 0 && len(c.keys) > 0 {
		oldest := c.keys[0]
		c.keys = c.keys[1:]
		c.room += c.footers[oldest].size
		delete(c.footers, oldest)
	}
	c.footers[key] = cachedFooter{footer: footer, size: size}
	c.keys = append(c.keys, key)
}
