package objstoretest

import (
	"context"

	"devicetrace/pkg/objstore"
)

// Paged returns a Store whose listing pages hold at most max objects, so that even short listings
// have several pages.
func Paged(store objstore.Store, max int) objstore.Store { return paged{store, max} }

type paged struct {
	objstore.Store
	max int
}

func (p paged) List(ctx context.Context, prefix, after string) (objstore.Page, error) {
	page, err := p.Store.List(ctx, prefix, after)
	if len(page.Objects) > p.max {
		page.Objects, page.More = page.Objects[:p.max], true
	}
	return page, err
}
