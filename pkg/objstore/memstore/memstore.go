// Package memstore is an object store in memory, for tests and trials.
//
// Like ossstore, it refuses invalid keys, lists in byte order of the keys, and never shows part of
// an object.
package memstore

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"devicetrace/pkg/objstore"
)

// Store keeps its objects in memory. It is safe for concurrent use.
type Store struct {
	// Now returns the time that a put stores as the object's modification time. Set Now before
	// you use the store. Default time.Now.
	Now func() time.Time

	mu      sync.RWMutex
	keys    []string // sorted
	objects map[string]object
}

// object is a stored object. Its bytes never change.
type object struct {
	bytes    []byte
	modified time.Time
}

var _ objstore.Store = (*Store)(nil)

// New returns an empty store.
func New() *Store {
	return &Store{Now: time.Now, objects: map[string]object{}}
}

// Put reads the whole body before it stores anything.
func (s *Store) Put(ctx context.Context, key string, body io.ReaderAt, size int64) error {
	if err := objstore.CheckKey(key); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	b := make([]byte, size)
	if _, err := io.ReadFull(io.NewSectionReader(body, 0, size), b); err != nil {
		return fmt.Errorf("put %q: read body: %w", key, err)
	}
	s.store(key, object{b, s.Now().UTC()})
	return nil
}

func (s *Store) store(key string, o object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i, known := slices.BinarySearch(s.keys, key); !known {
		s.keys = slices.Insert(s.keys, i, key)
	}
	s.objects[key] = o
}

// Read returns a copy of the range.
func (s *Store) Read(ctx context.Context, key string, off, n int64) ([]byte, error) {
	if err := objstore.CheckRange(off, n); err != nil || n == 0 {
		return nil, err
	}
	if err := objstore.CheckKey(key); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	o, known := s.objects[key]
	s.mu.RUnlock()
	switch {
	case !known:
		return nil, fmt.Errorf("read %q: %w", key, fs.ErrNotExist)
	case off+n > int64(len(o.bytes)):
		return nil, fmt.Errorf("read %d bytes at offset %d of %q: %w", n, off, key, objstore.ErrRange)
	}
	return slices.Clone(o.bytes[off : off+n]), nil
}

// List returns a page of objects in ascending order of their keys.
func (s *Store) List(ctx context.Context, prefix, after string) (objstore.Page, error) {
	if err := ctx.Err(); err != nil {
		return objstore.Page{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var page objstore.Page
	for _, key := range s.keys[s.first(prefix, after):] {
		if !strings.HasPrefix(key, prefix) {
			break
		}
		if len(page.Objects) == objstore.MaxPage {
			page.More = true
			break
		}
		o := s.objects[key]
		page.Objects = append(page.Objects, objstore.Object{Key: key, Size: int64(len(o.bytes)), Modified: o.modified})
	}
	return page, nil
}

// Prefixes returns a page of common prefixes in ascending order.
func (s *Store) Prefixes(ctx context.Context, prefix, after string) (objstore.PrefixPage, error) {
	if err := ctx.Err(); err != nil {
		return objstore.PrefixPage{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var page objstore.PrefixPage
	for i := s.first(prefix, objstore.PastPrefix(after)); i < len(s.keys) && strings.HasPrefix(s.keys[i], prefix); {
		directory, _, found := strings.Cut(s.keys[i][len(prefix):], "/")
		if !found {
			i++
			continue
		}
		if len(page.Prefixes) == objstore.MaxPage {
			page.Next = page.Prefixes[objstore.MaxPage-1]
			break
		}
		common := prefix + directory + "/"
		page.Prefixes = append(page.Prefixes, common)
		i = s.first(prefix, objstore.PastPrefix(common))
	}
	return page, nil
}

// first returns the index of the key at which a listing starts: the lowest key with key >= prefix
// and key > after.
func (s *Store) first(prefix, after string) int {
	if prefix > after {
		i, _ := slices.BinarySearch(s.keys, prefix)
		return i
	}
	i, known := slices.BinarySearch(s.keys, after)
	if known && after != "" {
		i++
	}
	return i
}

// Delete removes the objects under all the given keys in one step.
func (s *Store) Delete(ctx context.Context, keys ...string) error {
	if err := objstore.CheckKeys(keys); err != nil || len(keys) == 0 {
		return err
	}
	if err := ctx.Err(); err != nil {
		return &objstore.DeleteError{Keys: keys, Err: err}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range keys {
		if i, known := slices.BinarySearch(s.keys, key); known {
			s.keys = slices.Delete(s.keys, i, i+1)
			delete(s.objects, key)
		}
	}
	return nil
}
