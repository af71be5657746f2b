package objstore

import (
	"context"
	"iter"
)

// Lister is the part of a Store that Each and All need.
type Lister interface {
	List(ctx context.Context, prefix, after string) (Page, error)
}

// Each returns an iterator over the objects whose keys start with prefix and are greater than
// after. It makes one request per MaxPage objects, and at least one. It makes each request only
// when the caller needs more objects. An error ends the iteration.
func Each(ctx context.Context, store Lister, prefix, after string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		for {
			page, err := store.List(ctx, prefix, after)
			if err != nil {
				yield(Object{}, err)
				return
			}
			for _, o := range page.Objects {
				if !yield(o, nil) {
					return
				}
				after = o.Key
			}
			if !page.More {
				return
			}
		}
	}
}

// All returns the objects that Each yields as a list.
func All(ctx context.Context, store Lister, prefix, after string) ([]Object, error) {
	var all []Object
	for o, err := range Each(ctx, store, prefix, after) {
		if err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}

// PrefixLister is the part of a Store that EachPrefix needs.
type PrefixLister interface {
	Prefixes(ctx context.Context, prefix, after string) (PrefixPage, error)
}

// EachPrefix returns an iterator over the common prefixes of the keys that start with prefix; see
// Store.Prefixes. It makes one request per MaxPage prefixes, and at least one. It makes each
// request only when the caller needs more prefixes. An error ends the iteration.
func EachPrefix(ctx context.Context, store PrefixLister, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for after := ""; ; {
			page, err := store.Prefixes(ctx, prefix, after)
			if err != nil {
				yield("", err)
				return
			}
			for _, common := range page.Prefixes {
				if !yield(common, nil) {
					return
				}
			}
			if page.Next == "" {
				return
			}
			after = page.Next
		}
	}
}
