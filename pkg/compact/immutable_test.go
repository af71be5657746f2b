package compact_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/compact"
	"devicetrace/pkg/objstore"
)

// If a retention policy protects superseded objects from deletion, Run must stop after its first
// merge and return the reason. It must do so even if other partitions are due.
func TestARetentionPolicyEndsTheRun(t *testing.T) {
	store := bucket(t)
	want := scatter(t, store, 3, 20)
	put(t, store, another, 1, 1, at("c", 1))
	put(t, store, another, 2, 1, at("c", 2))
	before := len(keys(t, store, where)) + len(keys(t, store, another))
	refusal := &objstore.DeleteError{Keys: keys(t, store, where), Err: objstore.Permanent(objstore.ErrImmutable)}
	protected := objstore.NewCounting(failing(store, objstore.Fault{Before: refusal}, is(objstore.OpDelete)))
	_, err := compactor(t, protected, compact.Config{}).Run(t.Context(), compact.Share{})
	require.ErrorIs(t, err, objstore.ErrImmutable)
	require.ErrorContains(t, err, "a retention policy (WORM) of the bucket")
	require.Len(t, protected.Of(objstore.OpPut), 1)
	require.Len(t, protected.Of(objstore.OpDelete), 1)
	require.Equal(t, before+1, len(keys(t, store, where))+len(keys(t, store, another)), "nothing else changed")
	require.Subset(t, union(t, store, where), want)
}
