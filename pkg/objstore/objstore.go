// Package objstore defines the contract between the jobs and an object store. The jobs are
// recorder, query and compactor.
//
// Every put writes a whole object. The object becomes visible all at once or not at all. The effect
// of a completed call is visible to every call that starts later. The jobs never put different
// contents under the same key. So it does no harm if a put is repeated or arrives late.
//
// A read of an absent object returns an error that matches fs.ErrNotExist through errors.Is. After
// any error from Put or Delete, the outcome of the call is unknown: it may have taken effect.
package objstore

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"
)

// Store lists the operations that the jobs need from an object store. Implementations are safe for
// concurrent use, and each call is one request unless it is retried.
type Store interface {
	// Put stores the first size bytes of body under key and replaces any older object.
	// It may read body more than once. The store refuses a body that arrives damaged.
	Put(ctx context.Context, key string, body io.ReaderAt, size int64) error

	// Read returns exactly n bytes of the object, starting at offset off. The caller owns the
	// result. If, and only if, there is no object under key, Read returns fs.ErrNotExist. If the
	// range ends past the object's end, Read returns ErrRange. If n is 0, Read makes no request, so
	// it succeeds even if there is no object.
	Read(ctx context.Context, key string, off, n int64) ([]byte, error)

	// List returns the first MaxPage objects whose keys start with prefix and are greater than
	// after. The objects are in ascending byte order of their keys.
	List(ctx context.Context, prefix, after string) (Page, error)

	// Prefixes returns a page of the common prefixes of the keys that start with prefix. A common
	// prefix is the part of a key up to and including the first slash after prefix. The common
	// prefixes are in ascending order, without duplicates. For the first page, after is empty; for
	// any other page, after is the Next of the previous page. Keys without a slash after prefix
	// have no common prefix.
	Prefixes(ctx context.Context, prefix, after string) (PrefixPage, error)

	// Delete removes the objects with the given keys. There may be at most MaxPage keys. An absent
	// object is not an error. If a key or the number of keys is invalid, Delete returns a permanent
	// error. After any other failure, the error is a *DeleteError. It lists the keys of the objects
	// that may still exist.
	Delete(ctx context.Context, keys ...string) error
}

// MaxPage is the maximum number of objects in a listing page, of prefixes in a page of prefixes,
// and of keys in a delete.
const MaxPage = 1000

// Object is an entry in a listing.
type Object struct {
	Key      string
	Size     int64 // bytes
	Modified time.Time
}

// Page is a part of a listing. If More is true, the page is not empty, and the next page starts
// after this page's last key.
type Page struct {
	Objects []Object
	More    bool
}

// PrefixPage is one page of common prefixes. It can be empty even if more pages follow.
type PrefixPage struct {
	Prefixes []string
	// Next is the position from which the next page starts. It is empty on the last page.
	Next string
}

// PastPrefix converts a position that is a common prefix, and thus ends in a slash, to a position
// after all keys with this prefix. It returns any other position unchanged.
func PastPrefix(position string) string {
	if directory, found := strings.CutSuffix(position, "/"); found {
		return directory + string('/'+1)
	}
	return position
}

// ErrRange is the error for a read that ends past the object's end.
var ErrRange = errors.New("range ends past the object")
