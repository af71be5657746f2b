package query

import (
	"cmp"
	"container/list"
	"slices"
	"strings"
	"sync"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/segment"
)

// footerCache remembers the compacted objects in the last listing of each partition, and caches
// their footers. A footer never changes. The cache forgets an object once it is missing from a
// listing. When the cache is full, it evicts the partitions that were listed least recently. A
// footerCache is safe for concurrent use.
type footerCache struct {
	mu         sync.Mutex
	free       int64                    // the unused part of the budget, in bytes
	order      *list.List               // of *cachedPartition, least recently listed first
	partitions map[string]*list.Element // the elements of order, by prefix
}

// cachedPartition is a partition with at least one compacted object.
type cachedPartition struct {
	prefix  string
	objects []cachedObject // in ascending order of keys
}

// cachedObject is a compacted object in the last listing of its partition.
type cachedObject struct {
	segment layout.Segment
	footer  *segment.Footer // nil if it was not needed yet
}

func newFooterCache(budget int64) *footerCache {
	return &footerCache{free: budget, order: list.New(), partitions: map[string]*list.Element{}}
}

// get returns the cached footer of an object, or nil if the cache does not contain one.
func (c *footerCache) get(s layout.Segment) *segment.Footer {
	c.mu.Lock()
	defer c.mu.Unlock()
	if o := c.find(s); o != nil {
		return o.footer
	}
	return nil
}

// put adds an object's footer. It does nothing if the object is fresh, or if the partition's last
// listing did not contain it with the same size. Fresh objects are soon superseded, so their
// footers are not worth caching.
func (c *footerCache) put(s layout.Segment, footer *segment.Footer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if o := c.find(s); o != nil && o.footer == nil {
		o.footer = footer
		c.free -= footer.Memory()
		c.evict()
	}
}

// remembered returns a copy of the list of compacted objects in the last listing of the partition
// with the given prefix.
func (c *footerCache) remembered(prefix string) []cachedObject {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.objectsOf(prefix))
}

// remember replaces the remembered objects of a partition. listed contains the compacted objects of
// a complete listing, in ascending order of keys. An object with an unchanged size keeps its
// footer.
func (c *footerCache) remember(prefix string, listed []layout.Segment) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var objects []cachedObject
	for _, s := range listed {
		o := cachedObject{segment: s}
		if known := c.find(s); known != nil {
			o.footer = known.footer
		}
		objects = append(objects, o)
	}
	c.forget(prefix)
	if len(objects) > 0 {
		p := &cachedPartition{prefix, objects}
		c.partitions[prefix] = c.order.PushBack(p)
		c.free -= p.memory()
	}
	c.evict()
}

// evict forgets the least recently listed partitions until the cache fits in its budget.
func (c *footerCache) evict() {
	for c.free < 0 {
		c.forget(c.order.Front().Value.(*cachedPartition).prefix)
	}
}

func (c *footerCache) forget(prefix string) {
	if e := c.partitions[prefix]; e != nil {
		c.free += c.order.Remove(e).(*cachedPartition).memory()
		delete(c.partitions, prefix)
	}
}

func (c *footerCache) objectsOf(prefix string) []cachedObject {
	if e := c.partitions[prefix]; e != nil {
		return e.Value.(*cachedPartition).objects
	}
	return nil
}

// find returns the object with the key and size of s, or nil.
func (c *footerCache) find(s layout.Segment) *cachedObject {
	objects := c.objectsOf(s.Key[:strings.LastIndexByte(s.Key, '/')+1])
	i, found := slices.BinarySearchFunc(objects, s.Key, func(o cachedObject, key string) int { return cmp.Compare(o.segment.Key, key) })
	if !found || objects[i].segment.Size != s.Size {
		return nil
	}
	return &objects[i]
}

// memory returns the approximate memory that the partition takes in the cache, in bytes.
func (p *cachedPartition) memory() int64 {
	const perPartition, perObject = 300, 200
	size := int64(perPartition + len(p.prefix))
	for _, o := range p.objects {
		if size += int64(perObject + len(o.segment.Key)); o.footer != nil {
			size += o.footer.Memory()
		}
	}
	return size
}
