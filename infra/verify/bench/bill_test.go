package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCompute(t *testing.T) {
	for units, want := range map[float64]float64{
		0: 0, 1000: 0.11, 200e6: 22_000, 300e6: 32_000, 1000e6: 102_000, 1100e6: 111_000,
	} {
		require.InDelta(t, want, listPrices.compute(units), 1e-6, "%g CU", units)
	}
}

func TestTouched(t *testing.T) {
	require.InDelta(t, 1, touchedShards(16, 1), 1e-9)
	require.InDelta(t, 15.97, touchedShards(16, 100), 0.01)
	require.InDelta(t, 98.8, touchedShards(4096, 100), 0.1)
}

func TestSlowest(t *testing.T) {
	require.InDelta(t, 0.0137, slowest(1), 0.0001)
	require.InDelta(t, 0.040, slowest(99), 0.001, "one in a hundred is slower")
	require.Greater(t, slowest(16), slowest(2))
}

// TestBill compares a bill with one calculated by hand.
func TestBill(t *testing.T) {
	c := costs{
		queryCPU: 0.0005, queryLists: 1, queryReads: 1, queryRounds: 2,
		mergeCPU: 1e-5, rewrites: 3, mergePuts: 100, mergeReads: 1000, storedBytes: 12, roundTrip: 0.0137,
	}
	r := recording{calls: 1, puts: 1.08, seconds: 0.015}
	m := bill(million, r, c, listPrices)
	// The cost of storing 300 million events of 12 bytes each for a month.
	require.InDelta(t, 300e6*12/float64(1<<30)*0.12, m.storage, 1e-6)
	// puts counts all requests that cost as much as a put:
	//
	//   - 1.08 puts and deletes for each event
	//   - one list for each of 16 shards every five minutes
	//   - 100 requests for each of 480 partitions
	//   - one list for each of 300,000 queries
	puts := 300e6*1.08 + 8640*16 + 480*100 + 300e3
	gets := 480*1000 + 300e3
	require.InDelta(t, (puts+gets)/10_000*0.01, m.requests, 1e-6)
	// The recorder handles 300 million calls at 75 compute units per 10,000 calls. Its instances
	// have half a vCPU and half a GB of memory, and their time is charged too.
	recorder := 300e6*75/10_000 + 300e6*0.015*(0.5+0.5*0.15)
	require.InDelta(t, recorder*0.00011, m.recorder, 0.01)
	require.InDelta(t, 0.01*720, m.query, 1e-9, "the minimum for a function")
	require.InDelta(t, m.storage+m.requests+m.recorder+m.query+m.compactor, m.total(), 1e-9)

	server := bill(million, recording{puts: r.puts}, c, listPrices)
	require.Zero(t, server.recorder)
	require.InDelta(t, m.total()-m.recorder, server.total(), 1e-9)
}

// TestPriceOfAQuestion compares a price with one calculated by hand.
func TestPriceOfAQuestion(t *testing.T) {
	c := questionCosts{lists: 17, reads: 16, rounds: 1, cpu: 0.1}
	requests := 33.0 / 10_000 * 0.01
	units := 75.0/10_000 + (0.2+slowest(33))*(0.5+0.5*0.15)
	require.InDelta(t, requests+units*0.00011, c.price(listPrices), 1e-12)
}
