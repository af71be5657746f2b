package proof_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/compact"
	"devicetrace/pkg/objstore"
)

// interrupted returns a world with an interrupted merge: a compactor put its output, but crashed
// before it deleted the inputs. Later, a recorder added one more run.
func interrupted(t *testing.T) *world {
	w := runs(t, 3)
	crashing := faultOn(w.store, objstore.OpDelete, objstore.Fault{Before: errCrash})
	require.Len(t, w.compactOnce(crashing).Failed, 1)
	require.Len(t, w.listed(), 7, "inputs and output")
	w.seed(50, 1, at(clientA, 500))
	return w
}

// finishing is a scenario that runs a compactor twice on a world with an interrupted merge.
func finishing(i *injection) error {
	for range 2 {
		_, _ = i.newCompactor(i.process, compact.Config{}).Run(i.t.Context(), compact.Share{})
		i.restarted()
		i.now(late)
	}
	return i.ending()
}

// If a compactor crashes after the put of its output, the next compactor must verify the output and
// delete the inputs. It must not merge the inputs again.
func TestAnInterruptedMergeIsFinished(t *testing.T) {
	w := interrupted(t)
	inputs := w.listed()[:6]
	counting := objstore.NewCounting(w.store)
	report := w.compactOnce(counting)
	require.Equal(t, 1, report.Finished)
	require.Equal(t, 1, report.Merges, "one merge: the finished output and the later run")
	require.Equal(t, 2, report.Inputs)
	for n, input := range inputs {
		require.Equal(t, input.Key, counting.Of(objstore.OpDelete)[0].Keys[n])
	}
	w.soundAndSettled()
}

func TestEveryFaultWhileAMergeIsFinished(t *testing.T) {
	everyFault(t, interrupted(t).clone, finishing)
}

// No event may be lost if two compactors finish the same merge at the same time, even if one of
// them merges the output with other objects before the other has verified the output.
func TestACompactionBeforeEveryCallOfFinishing(t *testing.T) {
	atEveryCall(t, interrupted(t).clone, compaction, compactedOnce)
	atEveryCall(t, interrupted(t).clone, compaction, (*world).settle)
}

func compactedOnce(w *world) error { return compaction(w, w.store) }

func TestCommitsBeforeEveryCallOfFinishing(t *testing.T) {
	atEveryCall(t, interrupted(t).clone, compaction, func(w *world) error { return appends(clientA, 50_000)(w, w.store) })
}

func TestFinishingBeforeEveryCallOfAQuery(t *testing.T) {
	atEveryCall(t, interrupted(t).clone, aQuery, compactedOnce)
}

// If late puts bring back the inputs of a finished merge, no event may be lost, even if still later
// deletes remove those inputs again.
func TestHeldObjectsThatAreThereAgain(t *testing.T) {
	w := interrupted(t)
	var inputs []string
	for _, s := range w.listed()[:6] {
		inputs = append(inputs, s.Key)
	}
	hold := make(chan struct{})
	faulty := faultOn(w.store, objstore.OpDelete, objstore.Fault{Late: hold})
	report := w.compactOnce(faulty)
	require.Equal(t, 1, report.Finished)
	require.Len(t, report.Failed, 1)
	w.soundAndSettled()
	w.putAgain(inputs...)
	require.NoError(t, w.sound())
	close(hold)
	faulty.Settle()
	w.soundAndSettled()
	w.putAgain(inputs...)
	w.soundAndSettled()
}

// A segment must not count as the output of an interrupted merge if its content does not match its
// name, even if the segment is valid and its footer names the inputs of the merge.
func TestASegmentUnderAnotherNameFinishesNothing(t *testing.T) {
	w := interrupted(t)
	before := w.listed()
	key := before[len(before)-1].Key
	data, written := compacted(t, 0, holdsOf(t, w.store.contents[key]), span(clientA, 900, 3)...)
	store := w.store.Store // without the historian, which would complain about the put
	require.NoError(t, store.Put(t.Context(), key, bytes.NewReader(data), written.Size))
	// Without the fault, the compactor would merge the inputs again and then rightly delete them.
	counting := objstore.NewCounting(faultOn(store, objstore.OpPut, objstore.Fault{Before: objstore.ErrFault}))
	report := w.compactOnce(counting)
	require.Zero(t, report.Finished)
	require.Contains(t, report.Unreadable, key)
	require.Empty(t, counting.Of(objstore.OpDelete))
}
