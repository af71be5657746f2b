package objstore

import (
	"context"
	"errors"
	"io"
	"strings"
)

// WithPrefix is the part of store whose keys start with prefix, as a store of its
// own: prefix is put before every key that goes in and cut from every key that
// comes out. Messages of errors show the whole key. An empty prefix changes nothing.
func WithPrefix(store Store, prefix string) Store {
	if prefix == "" {
		return store
	}
	return &prefixed{store, prefix}
}

type prefixed struct {
	store  Store
	prefix string
}

func (p *prefixed) Put(ctx context.Context, key string, body io.ReaderAt, size int64) error {
	return p.store.Put(ctx, p.prefix+key, body, size)
}

func (p *prefixed) Read(ctx context.Context, key string, off, n int64) ([]byte, error) {
	return p.store.Read(ctx, p.prefix+key, off, n)
}

func (p *prefixed) List(ctx context.Context, prefix, after string) (Page, error) {
	if after != "" {
		after = p.prefix + after
	}
	page, err := p.store.List(ctx, p.prefix+prefix, after)
	for i, object := range page.Objects {
		page.Objects[i].Key = strings.TrimPrefix(object.Key, p.prefix)
	}
	return page, err
}

func (p *prefixed) Delete(ctx context.Context, keys ...string) error {
	whole := make([]string, len(keys))
	for i, key := range keys {
		whole[i] = p.prefix + key
	}
	return p.cut(p.store.Delete(ctx, whole...))
}

// cut makes the keys of a DeleteError those that our caller knows.
func (p *prefixed) cut(err error) error {
	var failed *DeleteError
	if !errors.As(err, &failed) {
		return err
	}
	keys := make([]string, len(failed.Keys))
	for i, key := range failed.Keys {
		keys[i] = strings.TrimPrefix(key, p.prefix)
	}
	return &DeleteError{Keys: keys, Err: failed.Err}
}
