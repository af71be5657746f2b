package check_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/check"
	"devicetrace/pkg/compact"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/segment"
)

// interrupted returns a bucket in which a compaction of one partition could not delete its three
// inputs. A second partition has one segment.
func interrupted(t testing.TB) *memstore.Store {
	store := bucket(t)
	put(t, store, where("c"), fresh(1, 1), segment.FromEvents(ofOne(2)))
	put(t, store, where("c"), fresh(1, 2), segment.FromEvents(ofOne(3)))
	put(t, store, where("c"), fresh(2, 1), segment.FromEvents(ofOne(5)[3:]))
	faulty := objstore.NewFaulty(store, func(call objstore.Call) objstore.Fault {
		if call.Op == objstore.OpDelete {
			return objstore.Fault{Before: objstore.ErrFault}
		}
		return objstore.Fault{}
	})
	c, err := compact.New(faulty, compact.Config{Quiet: 1, Dir: t.TempDir(), Now: func() time.Time { return noon.AddDate(0, 0, 9) }})
	require.NoError(t, err)
	report, err := c.Run(t.Context(), compact.Share{})
	require.NoError(t, err)
	require.Equal(t, 1, report.Merges)
	put(t, store, where("client00001"), fresh(1, 1), segment.FromEvents(many(2)[1:]))
	return store
}

// If a compaction could not delete its inputs, a check must find no violation. The report must
// count each input as superseded, and each object only once.
func TestInputsOfAnInterruptedCompactionAreSuperseded(t *testing.T) {
	checked := checked(t, interrupted(t), check.Options{})
	require.NoError(t, checked.Err())
	require.Equal(t, 4+1, checked.Objects)
	require.Equal(t, 3, checked.Superseded)
	require.EqualValues(t, 5+1, checked.Events)
}

// A damaged object is a violation even if a compacted segment holds it. The check must then add a
// note that says why no event is missing.
func TestADamagedHeldObjectIsAViolationWithANote(t *testing.T) {
	store := bucket(t)
	held := putBytes(t, store, fresh(1, 1).Key(where("c")), []byte("no segment"))
	other := putBytes(t, store, fresh(2, 1).Key(where("c")), []byte("no segment"))
	holder := putHolding(t, store, 1, segment.FromEvents(ofOne(3)), fresh(1, 2).String())
	report := checked(t, store, check.Options{})
	require.Len(t, report.Violations, 2)
	require.Equal(t, []string{held, other}, []string{report.Violations[0].Key, report.Violations[1].Key})
	require.Len(t, report.Notes, 1)
	require.Equal(t, held, report.Notes[0].Key)
	require.Contains(t, report.Notes[0].What, holder)
}
