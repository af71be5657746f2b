package query

import (
	"sync"

	"devicetrace/pkg/segment"
)

// footerCache keeps footers of compacted objects, which never change. Once full it
// drops any of them: a footer costs one request to have again.
type footerCache struct {
	mu      sync.Mutex
	room    int64 // bytes, as stored; a parsed footer takes a few times as many
	footers map[string]cachedFooter
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
	for old, f := range c.footers {
		if c.room >= 0 {
			break
		}
		delete(c.footers, old)
		c.room += f.size
	}
	c.footers[key] = cachedFooter{footer: footer, size: size}
}
