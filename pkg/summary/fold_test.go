package summary

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/segment"
)

// The sums of a fold must equal a count by brute force.
func TestFoldEqualsBruteForce(t *testing.T) {
	t.Parallel()
	for seed := range uint64(1000) {
		rows := randomRows(rand.New(rand.NewPCG(seed, 1)))
		sums := foldOf(rows)
		require.Equal(t, bruteCells(rows), sums.Cells, "seed %d", seed)
		require.Equal(t, bruteVicinities(rows), sums.Vicinities, "seed %d", seed)
		requireTotals(t, sums)
	}
}

// requireTotals compares the totals with the devices.
func requireTotals(t *testing.T, sums *Sums) {
	want := Totals{Devices: int64(len(sums.Devices))}
	for i := range sums.Devices {
		d := &sums.Devices[i]
		if d.Drops > 0 {
			want.Dropped++
		}
		if d.Drops >= FlappingDrops {
			want.Flapping++
			want.Most = append(want.Most, *d)
		}
		if d.State() == Offline {
			want.Offline++
		}
	}
	slices.SortStableFunc(want.Most, func(a, b Device) int { return int(b.Drops - a.Drops) })
	require.Equal(t, &want, sums.Totals)
}

// However the clients are divided among parts, and in whatever order the parts are added, the sum of
// the folds must be the fold of all rows.
func TestSumOfFoldsIsFoldOfAllRows(t *testing.T) {
	t.Parallel()
	for seed := range uint64(1000) {
		requireSumOfFolds(t, seed)
	}
}

func FuzzSumOfFolds(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { requireSumOfFolds(t, seed) })
}

func requireSumOfFolds(t *testing.T, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 2))
	rows := randomRows(random)
	part := map[string]int{}
	parts := make([][]segment.Row, 1+random.IntN(4))
	for _, r := range rows {
		if _, known := part[r.ClientID]; !known {
			part[r.ClientID] = random.IntN(len(parts))
		}
		parts[part[r.ClientID]] = append(parts[part[r.ClientID]], r)
	}
	var sums []*Sums
	for _, p := range parts {
		sums = append(sums, foldOf(p))
	}
	whole := foldOf(rows)
	require.Equal(t, whole, Add(sums...), "seed %d", seed)
	random.Shuffle(len(sums), func(i, j int) { sums[i], sums[j] = sums[j], sums[i] })
	half := random.IntN(len(sums) + 1)
	require.Equal(t, whole, Add(Add(sums[half:]...), Add(sums[:half]...)), "seed %d", seed)
}

// A fold for minutes must accept the clients in any order.
func TestClientsInAnyOrder(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		rows := randomRows(rand.New(rand.NewPCG(seed, 3)))
		f := newFold()
		for _, client := range []string{"c3", "c1", "c7", "c0", "c2", "c6", "c5", "c4"} {
			for i := range rows {
				if rows[i].ClientID == client {
					f.Add(&rows[i])
				}
			}
		}
		want, got := foldOf(rows), f.Sums()
		require.Equal(t, want.Cells, got.Cells)
		require.Equal(t, want.Vicinities, got.Vicinities)
		require.Nil(t, got.Totals)
	}
}

// However rows are divided among parts, the merged device must be the device of all rows.
func TestMergedDeviceIsDeviceOfAllRows(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3000) {
		requireMergedDevice(t, seed)
	}
}

func FuzzDeviceMerge(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { requireMergedDevice(t, seed) })
}

func requireMergedDevice(t *testing.T, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 4))
	rows := randomRows(random)
	for i := range rows {
		rows[i].ClientID = "c"
	}
	rows = segment.Distinct(rows)
	want := foldOf(rows).Devices[0]
	parts := make([][]segment.Row, 1+random.IntN(4))
	byTime := random.IntN(2) == 0
	for i, r := range rows {
		at := random.IntN(len(parts))
		if byTime {
			at = i * len(parts) / len(rows)
		}
		parts[at] = append(parts[at], r)
	}
	random.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	var devices []Device
	for _, p := range parts {
		devices = append(devices, foldOf(p).Devices...)
	}
	got := devices[0]
	for i := range devices[1:] {
		got.Merge(&devices[i+1])
	}
	require.Equal(t, want, got, "seed %d", seed)

	again := got // rows that are in several parts must change only the counts
	again.Merge(&devices[random.IntN(len(devices))])
	again.Connects, again.Drops, again.Disconnects, again.Refusals = got.Connects, got.Drops, got.Disconnects, got.Refusals
	require.Equal(t, got, again, "seed %d", seed)
}

// Whatever the rows are, a fold's memory must be bounded, its sums must count every row, and equal
// rows must give equal sums.
func TestFoldIsBounded(t *testing.T) {
	for name, set := range map[string]func(i int, r *segment.Row){
		"nodes":   func(i int, r *segment.Row) { r.Node = fmt.Sprint(strings.Repeat("n", 500), i) },
		"minutes": func(i int, r *segment.Row) { r.Time = int64(i) * 60_000 },
		"words":   func(i int, r *segment.Row) { r.ActionInfo = fmt.Sprint("w", i); r.Action = fmt.Sprint("a", i) },
		"events":  func(i int, r *segment.Row) { r.NativeEvent = fmt.Sprint(strings.Repeat("e", 500), i) },
		"clients": func(i int, r *segment.Row) {
			r.ClientID, r.Time = fmt.Sprint(strings.Repeat("c", 1010), i), day+int64(i%1440)*60_000
		},
		"long": func(i int, r *segment.Row) {
			long := fmt.Sprint(strings.Repeat("x", 10_000), i)
			r.ClientID, r.Node, r.ActionInfo, r.PeerAddress, r.NativeEvent, r.Action = long, long, long, long, long, long
		},
		"cells": func(i int, r *segment.Row) {
			r.Node, r.Time = fmt.Sprint("n", i%80), day+int64(i/80%1440)*60_000
			r.ActionInfo = fmt.Sprint("w", i%7)
		},
		"everything": func(i int, r *segment.Row) {
			r.Node, r.Time = fmt.Sprint("n", i%1100), int64(i%2900)*60_000
			r.ActionInfo = fmt.Sprint("w", i%211)
		},
	} {
		t.Run(name, func(t *testing.T) {
			rows := 20_000 // more than any limit except the limit of cells
			switch name {
			case "cells", "everything":
				rows = 150_000
			case "long":
				rows = 2000
			}
			fold := func() (*Sums, uint64) {
				f := newFold()
				before := heap()
				for i := range rows {
					r := segment.Row{ClientID: fmt.Sprintf("c%07d", i), Time: day, Action: "close", Node: "n"}
					set(i, &r)
					f.Add(&r)
				}
				after := heap()
				return f.Sums(), after - min(before, after)
			}
			sums, memory := fold()
			require.Less(t, memory, uint64(17<<20))
			var events int64
			nodes := map[string]bool{}
			for _, c := range sums.Cells {
				events += c.Events
				nodes[c.Node] = true
			}
			require.EqualValues(t, rows, events)
			require.LessOrEqual(t, len(nodes), NamedNodes+1)
			again, _ := fold()
			require.Equal(t, sums, again)
		})
	}
}

func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// The busiest nodes must be named, and the rest must add up the others.
func TestFoldNamesTheBusiestNodes(t *testing.T) {
	t.Parallel()
	f := NewFold(false)
	want := int64(0)
	for i := range 100 {
		for n := range i + 1 {
			f.Add(&segment.Row{ClientID: fmt.Sprintf("c%03d-%03d", i, n), Time: day, Action: "close", Node: fmt.Sprintf("n%03d", i)})
		}
		if i < 36 {
			want += int64(i + 1)
		}
	}
	cells := f.Sums().Cells
	require.Len(t, cells, NamedNodes+1)
	require.Equal(t, "n036", cells[0].Node)
	rest := cells[NamedNodes]
	require.Equal(t, Key{Rest: true, Action: "close"}, rest.Key)
	require.Equal(t, want, rest.Events)
	require.Equal(t, want, rest.Devices)
}
