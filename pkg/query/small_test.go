package query_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/query"
)

// A small object is read whole once. Later traces read only the row group with the client's rows.
func TestASmallObjectIsReadWholeOnce(t *testing.T) {
	store := bucket(t)
	var events []event.Event
	for _, client := range []string{"a", "b", "c"} {
		events = append(events, span(client, noon, 1)...)
	}
	put(t, store, partition("c"), mergedOf(1, 1), events)
	counting := objstore.NewCounting(store)
	r := newReader(t, counting, query.Config{})
	var bytes [2]int64
	for i := range bytes {
		counting.Reset()
		require.Len(t, trace(t, r, day("c")).Events, 1)
		require.Len(t, counting.Of(objstore.OpRead), 1)
		_, bytes[i] = counting.Bytes()
	}
	require.Less(t, bytes[1], bytes[0]/2)
}
