package query_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/query"
)

func TestInstances(t *testing.T) {
	store := bucket(t)
	for _, instance := range []event.InstanceID{"prod", "prod-1", "test"} {
		where := layout.Partition{Instance: instance, Shard: "4", Day: "2026-11-22"}
		put(t, store, where, fresh(1), span("c", noon, 1))
	}
	counting := objstore.NewCounting(store)
	reader := newReader(t, counting, query.Config{})
	for limit, want := range map[int]query.Instances{
		3: {IDs: []event.InstanceID{"prod", "prod-1", "test"}},
		2: {IDs: []event.InstanceID{"prod", "prod-1"}, More: true},
	} {
		counting.Reset()
		found, err := reader.Instances(t.Context(), limit)
		require.NoError(t, err)
		require.Equal(t, 1, found.Receipt.Requests)
		require.Equal(t, 1, counting.Requests())
		require.NotNil(t, found.Receipt.Partitions)
		require.Len(t, found.Steps, 1)
		require.Equal(t, "list", found.Steps[0].Request)
		require.Equal(t, "events/", found.Steps[0].Key)
		found.Receipt, found.Steps = query.Receipt{}, nil
		require.Equal(t, want, found)
	}

	counting.Reset()
	found, err := reader.InstancesAmong(t.Context(), []event.InstanceID{"test", "absent", "prod"})
	require.NoError(t, err)
	require.Equal(t, []event.InstanceID{"prod", "test"}, found.IDs)
	require.False(t, found.More)
	require.Equal(t, 3, found.Receipt.Requests)
	require.Equal(t, 3, counting.Requests())

	broken := newReader(t, objstore.NewFaulty(store, func(objstore.Call) objstore.Fault { return objstore.Fault{Before: objstore.ErrFault} }), query.Config{})
	_, err = broken.Instances(t.Context(), 1)
	require.ErrorIs(t, err, objstore.ErrFault)
	_, err = broken.InstancesAmong(t.Context(), []event.InstanceID{"prod"})
	require.ErrorIs(t, err, objstore.ErrFault)
}
