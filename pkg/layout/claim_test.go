package layout_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
)

var small, large = layout.Layout{Shards: 16}, layout.Layout{Shards: 256}

// bucketWith returns a store with an empty object under each of the given keys.
func bucketWith(t *testing.T, keys ...string) *memstore.Store {
	t.Helper()
	store := memstore.New()
	for _, key := range keys {
		require.NoError(t, store.Put(t.Context(), key, bytes.NewReader(nil), 0))
	}
	return store
}

func markers(t *testing.T, store objstore.Store) (keys []string) {
	t.Helper()
	objects, err := objstore.All(t.Context(), store, layout.MarkerPrefix, "")
	require.NoError(t, err)
	for _, o := range objects {
		keys = append(keys, o.Key)
	}
	return keys
}

func TestFind(t *testing.T) {
	for name, c := range map[string]struct {
		keys []string
		want layout.Layout
		err  error
	}{
		"nothing":           {nil, layout.Layout{}, nil},
		"no marker":         {[]string{"events/x", "quarantine/x"}, layout.Layout{}, nil},
		"one marker":        {[]string{large.Marker()}, large, nil},
		"two markers":       {[]string{small.Marker(), large.Marker()}, layout.Layout{}, layout.ErrConflict},
		"an unknown marker": {[]string{"layout/v4-shards16"}, layout.Layout{}, layout.ErrConflict},
		"one of each":       {[]string{small.Marker(), "layout/v4-shards16"}, layout.Layout{}, layout.ErrConflict},
	} {
		t.Run(name, func(t *testing.T) {
			counting := objstore.NewCounting(bucketWith(t, c.keys...))
			found, err := layout.Find(t.Context(), counting)
			require.ErrorIs(t, err, c.err)
			require.Equal(t, c.want, found)
			require.Equal(t, 1, counting.Requests())
		})
	}
}

func TestErrNoMarker(t *testing.T) {
	require.ErrorIs(t, layout.ErrNoMarker, layout.ErrConflict)
	require.EqualError(t, layout.ErrNoMarker, `the bucket has another layout: it has segments but no marker. `+
		`In the keys below "events/", a shard looks like shard=4 for 16 shards, shard=4f for 256 and shard=4f1 for 4096. `+
		`Put an empty object whose key ends in the matching number, such as "layout/v3-shards16"`)
}

func TestClaim(t *testing.T) {
	for name, c := range map[string]struct {
		keys     []string
		requests int
		want     string // a part of the error
	}{
		"a new bucket":      {nil, 3, ""},
		"claimed before":    {[]string{small.Marker()}, 1, ""},
		"another layout":    {[]string{large.Marker()}, 1, `its marker is "layout/v3-shards256", but SHARDS is 16: set SHARDS to 256`},
		"two layouts":       {[]string{small.Marker(), large.Marker()}, 1, "it has two markers"},
		"an unknown marker": {[]string{"layout/v4-shards16"}, 1, "layout/v4-shards16"},
	} {
		t.Run(name, func(t *testing.T) {
			counting := objstore.NewCounting(bucketWith(t, c.keys...))
			err := layout.Claim(t.Context(), counting, small)
			require.Equal(t, c.requests, counting.Requests())
			if c.want == "" {
				require.NoError(t, err)
				require.Equal(t, []string{small.Marker()}, markers(t, counting))
				return
			}
			require.ErrorIs(t, err, layout.ErrConflict)
			require.ErrorContains(t, err, c.want)
			require.Equal(t, c.keys, markers(t, counting), "a refused claim must not change the bucket")
		})
	}
}

// If any request of a claim fails, the claim must fail, even if the put took effect. The next claim
// must then succeed.
func TestClaimFailsWithItsRequests(t *testing.T) {
	for _, fault := range []objstore.Fault{{Before: objstore.ErrFault}, {After: objstore.ErrFault}} {
		for failing := 1; failing <= 3; failing++ {
			store := objstore.NewFaulty(memstore.New(), func(call objstore.Call) objstore.Fault {
				if call.Seq == failing {
					return fault
				}
				return objstore.Fault{}
			})
			err := layout.Claim(t.Context(), store, small)
			require.ErrorIs(t, err, objstore.ErrFault, "request %d", failing)
			require.NotErrorIs(t, err, layout.ErrConflict)
			require.NoError(t, layout.Claim(t.Context(), store, small))
		}
	}
	failing := objstore.NewFaulty(bucketWith(t, small.Marker()), func(objstore.Call) objstore.Fault {
		return objstore.Fault{Before: objstore.ErrFault}
	})
	_, err := layout.Find(t.Context(), failing)
	require.ErrorIs(t, err, objstore.ErrFault)
	require.ErrorContains(t, err, "find layout: ")
}

// If two recorders claim different layouts at the same time, at least one of them must get
// ErrConflict, and the error must say how to repair the bucket. The repair must work.
func TestTwoClaimsAndTheirRepair(t *testing.T) {
	store := memstore.New()
	var rival error
	racing := objstore.NewFaulty(store, func(call objstore.Call) objstore.Fault {
		if call.Op == objstore.OpPut {
			rival = layout.Claim(t.Context(), store, large)
		}
		return objstore.Fault{}
	})
	err := layout.Claim(t.Context(), racing, small)
	require.NoError(t, rival, "the rival listed the markers before the other one was there")
	require.EqualError(t, err, `the bucket has another layout: it has two markers, "layout/v3-shards16" and "layout/v3-shards256". `+
		`In the keys below "events/", a shard looks like shard=4 for 16 shards and like shard=4f for 256. `+
		`In all functions, set SHARDS to the number that matches these keys. Wait until no recorder with another number runs, then delete the other marker. `+
		`If there are no such keys, either number will do`)
	require.ErrorIs(t, err, layout.ErrConflict)

	require.NoError(t, store.Delete(t.Context(), small.Marker()))
	require.NoError(t, layout.Claim(t.Context(), store, large))
	found, err := layout.Find(t.Context(), store)
	require.NoError(t, err)
	require.Equal(t, large, found)
}
