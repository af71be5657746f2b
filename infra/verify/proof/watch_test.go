package proof_test

import (
	"context"
	"maps"
	"strings"
	"sync"

	"devicetrace/pkg/objstore"
)

// watch is the store of one reader. It finds out which reads of a trace were guesses, and whether the
// trace's listings confirmed them.
type watch struct {
	objstore.Store

	mu    sync.Mutex
	known map[string]int64 // the sizes of the objects in the listings of earlier traces, by key
	// The fields below describe the current trace.
	pages  map[string][]objstore.Object // the last listing of each partition so far, by prefix
	paged  map[string]bool              // the prefixes whose last listing has several pages
	whole  map[string]bool              // the prefixes with a complete listing
	listed map[string]int64             // the sizes of the objects in complete listings, by key
	reads  map[string]int               // the number of reads of each object
	early  map[string]bool              // the objects that were read before a complete listing
}

// begin prepares w for the next trace.
func (w *watch) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	maps.Copy(w.known, w.listed)
	w.pages, w.paged, w.whole = map[string][]objstore.Object{}, map[string]bool{}, map[string]bool{}
	w.listed, w.reads, w.early = map[string]int64{}, map[string]int{}, map[string]bool{}
}

func (w *watch) List(ctx context.Context, prefix, after string) (objstore.Page, error) {
	page, err := w.Store.List(ctx, prefix, after)
	if err != nil {
		return page, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.paged[prefix] = after != ""
	if after == "" {
		w.pages[prefix] = nil
	}
	w.pages[prefix] = append(w.pages[prefix], page.Objects...)
	if !page.More {
		w.whole[prefix] = true
		for _, o := range w.pages[prefix] {
			w.listed[o.Key] = o.Size
		}
	}
	return page, nil
}

func (w *watch) Read(ctx context.Context, key string, off, n int64) ([]byte, error) {
	w.mu.Lock()
	w.reads[key]++
	w.early[key] = w.early[key] || !w.whole[prefixOf(key)]
	w.mu.Unlock()
	return w.Store.Read(ctx, key, off, n)
}

// guesses returns the keys of the objects that the trace read before a complete listing confirmed
// them.
func (w *watch) guesses() (keys []string) {
	for key := range w.reads {
		if _, found := w.listed[key]; w.early[key] || !found {
			keys = append(keys, key)
		}
	}
	return keys
}

// fate returns the fate of the guess for the object with the given key.
func (w *watch) fate(key string) string {
	size, found := w.listed[key]
	switch {
	case !w.whole[prefixOf(key)]:
		return unlisted
	case !found:
		return superseded
	case size != w.known[key]:
		return resized
	default:
		return confirmed
	}
}

func prefixOf(key string) string { return key[:strings.LastIndexByte(key, '/')+1] }
