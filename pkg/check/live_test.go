package check_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/check"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/segment"
)

// If a compaction moves rows to another object during a check, the check must list the partition
// again and find the rows there.
func TestAPartitionThatChangesIsListedAgain(t *testing.T) {
	store := bucket(t)
	old := put(t, store, where("c"), fresh(1, 1), segment.FromEvents(ofOne(3)))
	put(t, store, where("c"), fresh(2, 1), segment.FromEvents(ofOne(2)))
	faulty := objstore.NewFaulty(store, func(call objstore.Call) objstore.Fault {
		if call.Op == objstore.OpRead && call.Key == old {
			putCompacted(t, store, where("c"), 1, segment.FromEvents(ofOne(3)), 0)
			require.NoError(t, store.Delete(t.Context(), old))
		}
		return objstore.Fault{}
	})
	var progress []check.Report
	report := checked(t, faulty, check.Options{Progress: func(r check.Report) { progress = append(progress, r) }})
	require.NoError(t, report.Err())
	require.Equal(t, 2, report.Objects)
	require.EqualValues(t, 3, report.Events)
	require.Len(t, progress, 1)
	require.Equal(t, report.Events, progress[0].Events)
}

// If an object is shorter than listed, something has replaced it, which Device Trace never does.
func TestAnObjectThatShrinksIsAViolation(t *testing.T) {
	store := bucket(t)
	key := put(t, store, where("c"), fresh(1, 1), segment.FromEvents(ofOne(3)))
	report := checked(t, objstore.NewFaulty(store, func(call objstore.Call) objstore.Fault {
		if call.Op == objstore.OpRead {
			putBytes(t, store, key, []byte("short"))
		}
		return objstore.Fault{}
	}), check.Options{})
	require.Len(t, report.Violations, 1)
	require.Equal(t, key, report.Violations[0].Key)
}

func TestAFailedSecondListingIsAnError(t *testing.T) {
	store := bucket(t)
	key := put(t, store, where("c"), fresh(1, 1), segment.FromEvents(ofOne(3)))
	_, err := check.Bucket(t.Context(), objstore.NewFaulty(store, func(call objstore.Call) objstore.Fault {
		if call.Op == objstore.OpList && call.Key == where("c").Prefix() {
			return objstore.Fault{Before: objstore.ErrFault}
		}
		if call.Op == objstore.OpRead {
			require.NoError(t, store.Delete(t.Context(), key))
		}
		return objstore.Fault{}
	}), check.Options{})
	require.ErrorIs(t, err, objstore.ErrFault)
}

// A partition that keeps changing must not hide what is wrong in other partitions, and must not
// count as checked.
func TestAPartitionThatNeverSettlesIsNotChecked(t *testing.T) {
	store := bucket(t)
	damaged := putBytes(t, store, fresh(1, 1).Key(layout.Partition{Instance: "z", Shard: "0", Day: where("c").Day}), []byte("damaged"))
	n, listings := 1, 0
	key := put(t, store, where("c"), fresh(n, 1), segment.FromEvents(ofOne(1)))
	faulty := objstore.NewFaulty(store, func(call objstore.Call) objstore.Fault {
		if call.Op == objstore.OpList && call.Key == where("c").Prefix() {
			listings++
		}
		if call.Op == objstore.OpRead && call.Key != damaged {
			require.NoError(t, store.Delete(t.Context(), key))
			n++
			key = put(t, store, where("c"), fresh(n, 1), segment.FromEvents(ofOne(1)))
		}
		return objstore.Fault{}
	})
	report, err := check.Bucket(t.Context(), faulty, check.Options{})
	require.NoError(t, err)
	require.Equal(t, 1, report.Unsettled)
	require.Equal(t, where("c").Prefix(), report.Notes[0].Key)
	require.Len(t, report.Violations, 1)
	require.Equal(t, damaged, report.Violations[0].Key)
	report.Violations = nil
	require.ErrorContains(t, report.Err(), "1 partition kept changing")
	require.Contains(t, textOf(t, report), "No violation was found, but 1 partition kept changing")
	require.Equal(t, 7, n, "six attempts")
	require.Equal(t, 5, listings, "the first attempt uses the listing of the whole bucket, and none follows the last attempt")
}

// If the store fails, the check must return an error. The failure must neither appear as a
// violation nor silently leave objects out of the report.
func TestAFaultIsAnError(t *testing.T) {
	for name, store := range map[string]*memstore.Store{"few": few(t), "interrupted": interrupted(t), "large": large(t)} {
		counting := objstore.NewCounting(store)
		checked(t, counting, check.Options{})
		for n := range counting.Requests() {
			faulty := objstore.NewFaulty(store, func(call objstore.Call) objstore.Fault {
				if call.Seq == n+1 {
					return objstore.Fault{Midway: objstore.ErrFault}
				}
				return objstore.Fault{}
			})
			report, err := check.Bucket(t.Context(), faulty, check.Options{})
			require.ErrorIs(t, err, objstore.ErrFault, "%s, request %d", name, n+1)
			require.Empty(t, report.Violations)
			require.Contains(t, textOf(t, report), "The check ended early")
		}
	}
}

// If a check fails after it has found a violation, the user must see both. If it fails before it has
// checked anything, the user must see only the error.
func TestAFaultDoesNotHideAViolation(t *testing.T) {
	store := bucket(t)
	damaged := putBytes(t, store, fresh(1, 1).Key(where("c")), []byte("damaged"))
	faulty := func(at string) *objstore.Faulty {
		return objstore.NewFaulty(store, func(call objstore.Call) objstore.Fault {
			if strings.HasPrefix(call.Key, at) {
				return objstore.Fault{Before: objstore.ErrFault}
			}
			return objstore.Fault{}
		})
	}
	var text strings.Builder
	report, err := check.Bucket(t.Context(), faulty(layout.QuarantinePrefix), check.Options{})
	err = report.Conclude(&text, err)
	require.ErrorIs(t, err, objstore.ErrFault)
	require.ErrorContains(t, err, damaged)
	require.Contains(t, text.String(), damaged)

	text.Reset()
	report, err = check.Bucket(t.Context(), faulty(layout.EventsPrefix), check.Options{})
	require.ErrorIs(t, report.Conclude(&text, err), objstore.ErrFault)
	require.Empty(t, text.String())
}
