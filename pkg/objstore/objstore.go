// Package objstore is the contract between the jobs and an object store.
//
// Every write is a whole object that becomes visible at once or not at all, and a
// call that completed is seen by every call that starts later. The jobs put only
// ever one content under a key, so that a put may be repeated, late or doubled
// without harm.
//
// Absence is fs.ErrNotExist through errors.Is. Any other error of a Put or Delete
// means that the outcome is unknown.
package objstore

import (
	"context"
	"errors"
	"io"
	"time"
)

// Store is what the jobs need of an object store. Implementations are safe for
// concurrent use, and each call is one request unless it is retried.
type Store interface {
	// Put stores size bytes of body under key, replacing what was there. It reads
	// body from its start, more than once where it must, and the store refuses a
	// body that arrives damaged.
	Put(ctx context.Context, key string, body io.ReaderAt, size int64) error

	// Read returns exactly n bytes of the object from offset off. It returns
	// fs.ErrNotExist where there is no object under key (and only then), ErrRange
	// where the range ends past the object's end. n = 0 asks the store nothing.
	// The caller owns the result.
	Read(ctx context.Context, key string, off, n int64) ([]byte, error)

	// List returns the objects whose key starts with prefix and sorts after the
	// key after, in ascending order of the key's bytes, at most MaxPage of them.
	List(ctx context.Context, prefix, after string) (Page, error)

	// Delete removes the objects under keys, at most MaxPage of them. A key that
	// holds nothing is no error. An error names the keys that may still be there.
	Delete(ctx context.Context, keys ...string) error
}

// MaxPage is the most objects of one listing page, and keys of one delete.
const MaxPage = 1000

// Object is an entry of a listing.
type Object struct {
	Key      string
	Size     int64 // bytes
	Modified time.Time
}

// Page is a part of a listing. More says that another page follows, after the
// last key of this one.
type Page struct {
	Objects []Object
	More    bool
}

// ErrRange is a read that ends past the object's end.
var ErrRange = errors.New("range ends past the object")

// Lister is the part of a Store that All needs.
type Lister interface {
	List(ctx context.Context, prefix, after string) (Page, error)
}

// All lists the objects below prefix that sort after the key after, to the end:
// one request for each MaxPage of them, at least one.
func All(ctx context.Context, store Lister, prefix, after string) ([]Object, error) {
	var all []Object
	for {
		page, err := store.List(ctx, prefix, after)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Objects...)
		if !page.More || len(page.Objects) == 0 {
			return all, nil
		}
		after = page.Objects[len(page.Objects)-1].Key
	}
}
