package proof_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/record"
)

// Each run must draw 96 new random bits. Otherwise two runs could have the same identifier and
// write different contents under one key.
func TestRunIdentifiersAreNotDrawnTwice(t *testing.T) {
	const writers, commits = 4, 500 / everyNth
	w := newWorld(t, t.TempDir())
	for range writers {
		writer := w.newWriter(w.store, record.Config{RunRows: 1})
		for n := range commits {
			require.NoError(t, writer.Append(t.Context(), span(clientA, n, 1)))
		}
	}
	drawn := map[string]bool{}
	for _, s := range w.listed() {
		drawn[s.Name.Run] = true
	}
	require.Len(t, drawn, writers*commits)
	require.Empty(t, w.store.broken())
}

// If two recorders draw the same random bytes, their runs have the same identifier, so they write
// different contents under one key. The historian must notice this. It does not happen in
// production, because recorders draw random bytes only from the operating system.
func TestASourceThatRepeatsItselfIsNoticed(t *testing.T) {
	w := newWorld(t, t.TempDir())
	for n := range 2 {
		source := rand.NewChaCha8([32]byte{1})
		writer := w.newWriter(w.store, record.Config{Random: source})
		require.NoError(t, writer.Append(t.Context(), span(clientA, n, 1)))
	}
	require.Len(t, w.store.broken(), 1)
}

// If a recorder cannot draw 96 random bits, it must not start a run, put a segment or acknowledge
// an event.
func TestNoRunWithoutRandomBits(t *testing.T) {
	w := newWorld(t, t.TempDir())
	writer := w.newWriter(w.store, record.Config{Random: bytes.NewReader(make([]byte, 11))})
	require.ErrorContains(t, writer.Append(t.Context(), span(clientA, 0, 1)), "draw run identifier")
	require.Empty(t, w.listed())
}

// A put may take effect after later puts of the same run have been confirmed. The late object must
// still have a lower sequence number than the later puts' objects.
func TestALatePutIsBelowTheNextNumber(t *testing.T) {
	w := newWorld(t, t.TempDir())
	hold := make(chan struct{})
	puts := 0
	faulty := objstore.NewFaulty(w.store, func(c objstore.Call) objstore.Fault {
		if c.Op == objstore.OpPut && c.N > 0 { // not the layout marker, which is empty
			if puts++; puts == 2 {
				return objstore.Fault{Late: hold}
			}
		}
		return objstore.Fault{}
	})
	writer := w.newWriter(faulty, record.Config{})
	for n, want := range []bool{true, false, true} {
		delivery := w.deliver(span(clientA, n, 1), noon, 0)
		err := writer.Append(t.Context(), delivery)
		require.Equal(t, want, err == nil)
		if err == nil {
			w.acknowledge(delivery)
		}
	}
	require.NoError(t, w.sound())
	close(hold)
	faulty.Settle()
	var numbers []int
	for _, s := range w.listed() {
		numbers = append(numbers, s.Name.Seq)
	}
	require.Equal(t, []int{1, 2, 3}, numbers)
	w.soundAndSettled()
}

// Two recorders claim the same bucket for different layouts. Their store calls interleave,
// fail or take effect late. Events must never be acknowledged under both layouts.
func TestOnlyOneOfTwoLayoutsAcknowledges(t *testing.T) {
	won := map[string]int{}
	for seed := range uint64(1500 / everyNth) {
		store := newHistorian(memstore.New())
		s := newScheduler(rand.New(rand.NewPCG(seed, 1)), []int{0, 10, 30}[seed%3])
		var mu sync.Mutex
		acknowledged := map[int]bool{}
		for _, shards := range []int{16, 256} {
			s.start(fmt.Sprint(shards, " shards"), 0, func(a *actor) {
				for range 3 {
					p := &process{actor: a, store: store}
					writer, err := record.New(p, record.Config{Shards: shards})
					if err == nil {
						err = writer.Append(t.Context(), []event.Event{at(clientA, shards)})
					}
					mu.Lock()
					acknowledged[shards] = acknowledged[shards] || err == nil
					mu.Unlock()
					if err != nil && !injected(err) && !errors.Is(err, layout.ErrConflict) {
						t.Errorf("seed %d: %v", seed, err)
					}
				}
			})
		}
		require.NoError(t, s.run(), "seed %d", seed)
		s.letLoose(len(s.late))
		require.False(t, acknowledged[16] && acknowledged[256], "seed %d", seed)
		won[fmt.Sprint(acknowledged[16], acknowledged[256])]++
	}
	require.Len(t, won, 3, "each layout must win in some schedules, and neither in others: %v", won)
}
