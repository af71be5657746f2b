package proof_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/query"
)

func isStaging(key string) bool { return strings.HasPrefix(key, layout.InstancePrefix(staging)) }

// A response about one instance must not depend on another instance. The rows, the receipt, the
// steps, the unreadable objects and the errors must be the same whatever objects the other instance
// has, and even if every call about the other instance fails.
func TestAResponseIsAboutOneInstance(t *testing.T) {
	w, keys := objectsOf(t)
	alone, own := maps.Clone(w.store.contents), maps.Clone(w.store.contents)
	maps.DeleteFunc(alone, func(key string, _ []byte) bool { return isStaging(key) })
	maps.DeleteFunc(own, func(key string, _ []byte) bool { return !isStaging(key) })
	alone[keys[1]] = []byte("text, not a segment")
	same, damaged := map[string][]byte{}, map[string][]byte{}
	for _, key := range keys {
		same[strings.Replace(key, string(prod), string(staging), 1)] = alone[key]
	}
	partition := partitionOf(on(staging, at(clientA, 0))[0])
	for n, d := range damages(t, rand.New(rand.NewPCG(7, 7))) {
		if n%8 == 0 { // the rest would only take longer
			damaged[fresh(n, 1).Key(partition)] = d.apply(w.store.contents[keys[0]])
		}
	}
	want := responses(t, alone, objstore.Fault{})
	require.Len(t, want[0].result.Unreadable, 1)
	require.NotEmpty(t, want[0].result.Events)
	for name, others := range map[string]map[string][]byte{"none": nil, "its own": own, "the same": same, "damaged": damaged} {
		for _, fault := range []objstore.Fault{{}, {Before: objstore.ErrFault}, {Midway: objstore.ErrFault}, {After: objstore.ErrFault}} {
			objects := maps.Clone(alone)
			maps.Copy(objects, others)
			require.Equal(t, want, responses(t, objects, fault), "objects of the other instance: %s; fault: %+v", name, fault)
		}
	}
}

// response holds what a reader returns about prod.
type response struct {
	result    query.Result
	instances query.Instances
	errs      string
}

// responses returns what several readers respond about prod. Before each query about prod, a reader
// makes the same query about staging. Every store call about staging gets the given fault. All
// other calls of the first reader succeed. For each further reader, another one of them fails.
func responses(t *testing.T, objects map[string][]byte, fault objstore.Fault) (got []response) {
	store := memstore.New()
	for key, data := range objects {
		require.NoError(t, store.Put(t.Context(), key, bytes.NewReader(data), int64(len(data))))
	}
	for failing, calls := 0, 0; failing <= calls; failing++ {
		made := 0
		faulty := objstore.NewFaulty(store, func(c objstore.Call) objstore.Fault {
			if isStaging(c.Key) {
				return fault
			}
			if made++; made == failing {
				return objstore.Fault{Before: objstore.ErrFault}
			}
			return objstore.Fault{}
		})
		reader, err := query.New(faulty, query.Config{WholeBytes: 1, Parallel: 1, Now: func() time.Time { return noon }})
		require.NoError(t, err)
		for range 2 {
			got = append(got, ask(t, reader))
		}
		if failing == 0 {
			calls = made
		}
	}
	return got
}

// ask queries staging and then prod, and returns the response about prod.
func ask(t *testing.T, reader *query.Reader) (r response) {
	q := all(staging, clientA)
	_, _ = reader.Trace(t.Context(), q)
	q.InstanceID, q.Explain = prod, true
	var errs [2]error
	r.result, errs[0] = reader.Trace(t.Context(), q)
	r.instances, errs[1] = reader.InstancesAmong(t.Context(), []event.InstanceID{prod})
	r.errs = fmt.Sprint(errs)
	return r
}

// A recorder must record the events of one instance even if every put for another instance fails.
func TestOneInstanceIsRecordedWithoutAnother(t *testing.T) {
	w := newWorld(t, t.TempDir())
	door := w.newRecorder(w.faultAt(layout.InstancePrefix(staging), objstore.Fault{After: objstore.ErrFault}))
	for _, instance := range []event.InstanceID{staging, prod, staging, prod} {
		acknowledged, err := w.post(door, parcel{events: on(instance, span(clientA, 0, 2)...)}, noon)
		require.NoError(t, err)
		require.Equal(t, instance == prod, acknowledged)
	}
	w.soundAndSettled()
}
