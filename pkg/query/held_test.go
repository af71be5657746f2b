package query_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/query"
	"devicetrace/pkg/segment"
)

// encodeHolder encodes the events, one per row group, as a compacted segment of the given level.
// The segment's footer names the segments in holds, which are separated by commas.
func encodeHolder(t testing.TB, level int, events []event.Event, holds string) ([]byte, layout.Name) {
	var out bytes.Buffer
	w := segment.NewWriter(&out, 1)
	w.SetHolds(strings.Split(holds, ","))
	require.NoError(t, w.Write(segment.FromEvents(events)))
	written, err := w.Close()
	require.NoError(t, err)
	name := mergedOf(level, 1)
	name.FooterLength, name.IndexLength = written.FooterLength, written.IndexLength
	return out.Bytes(), name
}

// A damaged object makes a result incomplete, unless a valid object contains its rows. The footer
// of a compacted object names the objects whose rows it contains.
func TestDamagedHeldObjectsAreNotNamed(t *testing.T) {
	merged := func(level, n int) layout.Name {
		name := mergedOf(level, n)
		name.FooterLength = 900
		return name
	}
	for name, test := range map[string]struct {
		damaged layout.Name
		holds   string
		held    bool
	}{
		"the object":                      {runOf(1, 2), runOf(1, 2).String(), true},
		"an earlier object of the run":    {runOf(1, 1), runOf(1, 2).String(), true},
		"a compacted object":              {merged(1, 2), merged(1, 2).String(), true},
		"one of several":                  {runOf(2, 1), runOf(1, 2).String() + "," + runOf(2, 1).String(), true},
		"not a later object of the run":   {runOf(1, 3), runOf(1, 2).String(), false},
		"not another run":                 {runOf(2, 1), runOf(1, 2).String(), false},
		"not another compacted object":    {merged(1, 2), merged(1, 3).String(), false},
		"not an object of its own level":  {merged(2, 2), merged(2, 2).String(), false},
		"not an object of a higher level": {merged(3, 2), merged(3, 2).String(), false},
		"nothing":                         {runOf(1, 2), "", false},
		"something that is not an object": {runOf(1, 2), "l0000", false},
	} {
		t.Run(name, func(t *testing.T) {
			store := bucket(t)
			events := span("c", noon, 3)
			data, holder := encodeHolder(t, 2, events, test.holds)
			putBytes(t, store, partition("c"), holder, data)
			key := putBytes(t, store, partition("c"), test.damaged, []byte("no segment"))
			for _, config := range []query.Config{{}, large} {
				result := trace(t, newReader(t, store, config), day("c"))
				require.Equal(t, events, result.Events)
				if test.held {
					require.Empty(t, result.Unreadable)
				} else {
					require.Len(t, result.Unreadable, 1)
					require.Equal(t, key, result.Unreadable[0].Key)
				}
			}
		})
	}
}

// If the objects are small, a damaged held object must cost one read, as any other object does. If
// they are large, the footer that names it must come from the cache.
func TestADamagedHeldObjectCostsNoMoreRequests(t *testing.T) {
	store := bucket(t)
	data, holder := encodeHolder(t, 1, span("c", noon, 3), runOf(1, 1).String())
	putBytes(t, store, partition("c"), holder, data)
	putBytes(t, store, partition("c"), runOf(1, 1), []byte("no segment"))
	for _, config := range []query.Config{{}, {WholeBytes: 20}} {
		reader := newReader(t, store, config)
		trace(t, reader, day("c"))
		result := trace(t, reader, day("c"))
		require.Empty(t, result.Unreadable)
		require.Equal(t, 3, result.Receipt.Requests, "a listing and one read per object")
	}
}

// A reader must not trust the footer of an object from which it cannot read the client's rows. It
// must then name both this object and the damaged objects that its footer names.
func TestADamagedHolderVouchesForNothing(t *testing.T) {
	events := []event.Event{at("c", noon), at("r", noon)}
	require.Equal(t, partition("c"), partition("r"))
	held := runOf(1, 1)
	data, holder := encodeHolder(t, 1, events, held.String())
	footer, err := segment.ParseFooter(data, int64(len(data)))
	require.NoError(t, err)
	data[footer.Groups()[1].Offset+9] ^= 1
	store := bucket(t)
	damagedHeld := putBytes(t, store, partition("c"), held, []byte("no segment"))
	damagedHolder := putBytes(t, store, partition("c"), holder, data)
	for _, config := range []query.Config{{}, large} {
		reader := newReader(t, store, config)
		result := trace(t, reader, day("c"))
		require.Equal(t, events[:1], result.Events)
		require.Empty(t, result.Unreadable, "the damage is in the rows of another client")

		result = trace(t, reader, day("r"))
		require.Empty(t, result.Events)
		require.Len(t, result.Unreadable, 2)
		require.Equal(t, damagedHeld, result.Unreadable[0].Key)
		require.Equal(t, damagedHolder, result.Unreadable[1].Key)
	}
}
