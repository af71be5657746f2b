package oss

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"devicetrace/pkg/objstore"
)

// Store reads and writes the objects of a bucket without HTTP. It uses the same files as a Server.
// A Store from OpenStore must not use a folder while a Server uses it, but they can take turns.
type Store struct{ objects *disk }

var _ objstore.Store = (*Store)(nil)

// OpenStore opens the bucket in the folder dir. It creates the folder if necessary.
func OpenStore(dir string) (*Store, error) {
	objects, err := openDisk(dir)
	if err != nil {
		return nil, err
	}
	return &Store{objects}, nil
}

// Store returns a Store that accesses the server's bucket without HTTP.
func (s *Server) Store() *Store { return &Store{s.objects} }

// Put implements objstore.Store.
func (s *Store) Put(ctx context.Context, key string, body io.ReaderAt, size int64) error {
	if err := errors.Join(objstore.CheckKey(key), ctx.Err()); err != nil {
		return err
	}
	arrived, err := s.objects.receive(io.NewSectionReader(body, 0, size), size)
	if err != nil {
		return fmt.Errorf("put %q: %w", key, err)
	}
	defer s.objects.discard(arrived) // has no effect after keep has succeeded
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.objects.keep(arrived, key, time.Now())
}

// Read implements objstore.Store.
func (s *Store) Read(ctx context.Context, key string, off, n int64) ([]byte, error) {
	if err := objstore.CheckRange(off, n); err != nil || n == 0 {
		return nil, err
	}
	if err := errors.Join(objstore.CheckKey(key), ctx.Err()); err != nil {
		return nil, err
	}
	// openFile is enough here. The open method might also read the whole object to compute its
	// checksums.
	e, f, err := s.objects.openFile(key)
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", key, err)
	}
	defer f.Close()
	if off+n > e.size {
		return nil, fmt.Errorf("read %d bytes at %d of %q: %w", n, off, key, objstore.ErrRange)
	}
	data := make([]byte, n)
	switch _, err := f.ReadAt(data, off); {
	case err == io.EOF: // another program has cut the file
		return nil, fmt.Errorf("read %d bytes at %d of %q: %w", n, off, key, objstore.ErrRange)
	case err != nil:
		return nil, fmt.Errorf("read %q: %w", key, err)
	}
	return data, nil
}

// List implements objstore.Store.
func (s *Store) List(ctx context.Context, prefix, after string) (page objstore.Page, err error) {
	if err := ctx.Err(); err != nil {
		return page, err
	}
	return s.objects.list(prefix, after), nil
}

// Prefixes implements objstore.Store.
func (s *Store) Prefixes(ctx context.Context, prefix, after string) (page objstore.PrefixPage, err error) {
	if err := ctx.Err(); err != nil {
		return page, err
	}
	entries, prefixes, more := s.objects.group(prefix, objstore.PastPrefix(after))
	page.Prefixes = prefixes
	if more {
		page.Next = max(last(prefixes), last(keysOf(entries)))
	}
	return page, nil
}

func keysOf(entries []entry) (keys []string) {
	for _, e := range entries {
		keys = append(keys, e.key)
	}
	return keys
}

// last returns the last of the given keys, or "" if there are none.
func last(keys []string) string {
	if len(keys) == 0 {
		return ""
	}
	return keys[len(keys)-1]
}

// Delete implements objstore.Store.
func (s *Store) Delete(ctx context.Context, keys ...string) error {
	if err := objstore.CheckKeys(keys); err != nil || len(keys) == 0 {
		return err
	}
	err := ctx.Err()
	if err == nil {
		_, err = s.objects.remove(keys, always)
	}
	if err != nil {
		return &objstore.DeleteError{Keys: keys, Err: err}
	}
	return nil
}
