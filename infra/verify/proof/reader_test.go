package proof_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/compact"
	"devicetrace/pkg/event"
	"devicetrace/pkg/objstore/objstoretest"
	"devicetrace/pkg/query"
)

// mixed returns a world with objects of all kinds, on two days: several runs of several objects,
// small compacted objects, and a compacted object of several row groups. The other instance has
// objects with some of the same names.
func mixed(t *testing.T) *world {
	w := markedWorld(t, t.TempDir())
	for run := range 4 {
		w.seed(10+run, 1, span(clientA, run*100, 60)...)
		w.seed(10+run, 2, append(span(clientA, run*100, 90), span(clientB, run*100, 90)...)...)
		w.seed(10+run, 2, on(staging, span(clientA, run*100, 30)...)...)
	}
	_, err := w.newCompactor(w.store, compact.Config{}).Run(t.Context(), compact.Share{})
	require.NoError(t, err)
	for run := range 3 {
		w.seed(20+run, 1, span(clientA, 5000+run*10, 12)...)
		w.seed(20+run, 2, append(span(clientA, 5000+run*10, 12), at(clientB, 5000+run))...)
		w.seed(30+run, 1, span(clientA, dayMS+run*10, 12)...)
	}
	w.seed(40, 1, at(clientC, 1))
	for run := range 2 {
		w.seed(20+run, 1, on(staging, span(clientA, 5000+run*10, 12)...)...)
	}
	return w
}

// wholeBytes is the maximum size of an object that a query reads with a single request. The world
// returned by mixed() also has larger objects.
const wholeBytes = 5000

// reading is a scenario that makes the same query twice with one reader, so that the footers are in
// the reader's cache for the second query. In between, it makes the query on the other instance. If
// an injected fault makes a query fail, reading repeats the query until it succeeds. A query that
// succeeds must return every event. After a crash, reading continues with a new reader.
func reading(i *injection) error {
	return readingWith(i, query.Config{WholeBytes: wholeBytes}, all(prod, clientA))
}

// readingInPages is like reading, but the reader has little memory, and the query has several
// pages.
func readingInPages(i *injection) error {
	q := all(prod, clientA)
	q.Limit = 300
	return readingWith(i, little(wholeBytes), q)
}

func readingWith(i *injection, config query.Config, q query.Request) error {
	newReader := func() *query.Reader { return i.newReader(objstoretest.Paged(i.process, 3), config) }
	reader := newReader()
	for _, q.InstanceID = range []event.InstanceID{prod, staging, prod} {
		err := i.ask(reader, q)
		if i.restarted() {
			reader = newReader()
		}
		i.now(late)
		for n := 0; injected(err) && n < patience; n++ {
			err = i.ask(reader, q)
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

func TestEveryFaultWhileReadingInPages(t *testing.T) {
	everyFault(t, mixed(t).clone, readingInPages)
}
