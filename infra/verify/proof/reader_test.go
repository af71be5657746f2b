package proof_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/compact"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/query"
)

// paged lists a few objects a page, so that listings of few objects have several pages.
type paged struct {
	objstore.Store
	most int
}

func (p paged) List(ctx context.Context, prefix, after string) (objstore.Page, error) {
	page, err := p.Store.List(ctx, prefix, after)
	if len(page.Objects) > p.most {
		page.Objects, page.More = page.Objects[:p.most], true
	}
	return page, err
}

// mixed is a world with objects of all kinds: several runs of several numbers, small
// compacted objects and one of several row groups, on two days.
func mixed(t *testing.T) *world {
	w := markedWorld(t, t.TempDir())
	for run := range 4 {
		w.seed(10+run, 1, span(clientA, run*100, 60)...)
		w.seed(10+run, 2, append(span(clientA, run*100, 90), span(clientB, run*100, 90)...)...)
	}
	_, err := w.newCompactor(w.store, compact.Config{}).Run(t.Context())
	require.NoError(t, err)
	for run := range 3 {
		w.seed(20+run, 1, span(clientA, 5000+run*10, 12)...)
		w.seed(20+run, 2, append(span(clientA, 5000+run*10, 12), at(clientB, 5000+run))...)
		w.seed(30+run, 1, span(clientA, dayMS+run*10, 12)...)
	}
	w.seed(40, 1, at(clientC, 1))
	return w
}

// wholeBytes is up to what size a mixed world's objects are read whole: some of them.
const wholeBytes = 5000

// reading asks a new reader, and the same one again with the footers it keeps. What an
// injected fault spoils is an error, and later answers of that reader are whole.
func reading(i *injection) error {
	newReader := func() *query.Reader {
		return i.newReader(paged{i.process, 3}, query.Config{WholeBytes: wholeBytes})
	}
	reader := newReader()
	for range 2 {
		err := i.ask(reader, all(clientA))
		if i.restarted() {
			reader = newReader()
		}
		i.now(late)
		for n := 0; injected(err) && n < patience; n++ {
			err = i.ask(reader, all(clientA))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func TestEveryFaultWhileReading(t *testing.T) {
	everyFault(t, mixed(t).clone, reading)
}
