package objstore

import (
	"context"
	"errors"
	"io"
	"strings"
)

// WithPrefix returns a Store that is limited to the objects of store whose keys start with prefix.
// The returned Store adds prefix to each key before it calls store, and removes prefix from each
// key in a result. Error messages still show the full key. If prefix is empty, WithPrefix returns
// store itself.
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

func (p *prefixed) Prefixes(ctx context.Context, prefix, after string) (PrefixPage, error) {
	if after != "" {
		after = p.prefix + after
	}
	page, err := p.store.Prefixes(ctx, p.prefix+prefix, after)
	for i := range page.Prefixes {
		page.Prefixes[i] = strings.TrimPrefix(page.Prefixes[i], p.prefix)
	}
	page.Next = strings.TrimPrefix(page.Next, p.prefix)
	return page, err
}

func (p *prefixed) Delete(ctx context.Context, keys ...string) error {
	full := make([]string, len(keys))
	for i, key := range keys {
		full[i] = p.prefix + key
	}
	return p.withoutPrefix(p.store.Delete(ctx, full...))
}

// withoutPrefix removes the prefix from the keys of a DeleteError. It returns any other error
// unchanged.
func (p *prefixed) withoutPrefix(err error) error {
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
