package proof_test

import (
	"testing"
	"time"

	"devicetrace/pkg/compact"
)

// compacting is a scenario that runs a compactor twice. The bucket has events of one day that is
// over and of one day that is not. The first compactor run has several merges to make, some of
// which may fail because of the injected fault. The second compactor run then makes the failed
// merges.
func compacting(i *injection) error {
	now := func() time.Time { return noon.AddDate(0, 0, 1) }
	for range 2 {
		compactor := i.newCompactor(i.process, compact.Config{Fanout: 3, MaxInputs: 3, Now: now})
		_, _ = compactor.Run(i.t.Context(), compact.Share{})
		i.restarted()
		i.now(late)
	}
	return i.ending()
}

func TestEveryFaultWhileCompacting(t *testing.T) {
	w := markedWorld(t, t.TempDir())
	for run := range 5 { // the day that has ended; consecutive runs share some events
		w.seed(10+run, 1, span(clientA, run*10, 12)...)
		w.seed(10+run, 2, append(span(clientA, run*10, 14), span(clientB, run*5, 7)...)...)
	}
	for run := range 4 {
		w.seed(20+run, 1, span(clientA, dayMS+run*10, 12)...)
	}
	w.seed(30, 1, at(clientC, 1)) // the only run in its partition, so there is nothing to merge it with
	for run := range 3 {          // the same names and times on another instance
		w.seed(10+run, 2, on(staging, append(span(clientA, run*10, 14), at(clientB, run*5))...)...)
	}
	w.seed(20, 1, on(staging, span(clientA, dayMS, 12)...)...)
	everyFault(t, w.clone, compacting)
}
