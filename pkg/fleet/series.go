package fleet

import (
	"cmp"
	"slices"

	"devicetrace/pkg/summary"
)

// sums gives access to the cells and vicinities of a ScopeInput by minute.
type sums struct {
	cells      []summary.Cell
	vicinities []summary.Vicinity
	// compared holds the cells from which levels are estimated.
	compared []summary.Cell
}

func newSums(in *ScopeInput, m summary.Minute, kind summary.Kind) sums {
	s := sums{cells: in.Cells, vicinities: in.Vicinities, compared: in.Cells}
	if kind != summary.Refusal {
		sameDayBefore := within(s.cells, m-minutesPerDay-2, m-minutesPerDay+surgeMinutes+2)
		s.compared = slices.Concat(sameDayBefore, within(s.cells, m-pastGap-minutesPerHour, m+surgeMinutes+2))
	}
	return s
}

// knowsDayBefore reports whether there are events from about a day before a minute.
func (s sums) knowsDayBefore(m summary.Minute) bool {
	return len(s.cells) > 0 && s.cells[0].Minute < m-minutesPerDay+2*minutesPerHour
}

// counted reports whether the vicinities cover the minutes with cells. Otherwise, the numbers of
// devices are only known to be below an upper bound.
func (s sums) counted() bool { return len(s.vicinities) > 0 || len(s.cells) == 0 }

func (s sums) vicinity(m summary.Minute) (summary.Vicinity, bool) {
	i, found := slices.BinarySearchFunc(s.vicinities, m, func(v summary.Vicinity, m summary.Minute) int { return cmp.Compare(v.Minute, m) })
	if !found {
		return summary.Vicinity{Minute: m}, false
	}
	return s.vicinities[i], true
}

// devices returns a counter of all devices that have an event of the given kind.
func (s sums) devices(kind summary.Kind) counter {
	if !s.counted() {
		all := split(s.compared, kind, func(*summary.Cell) struct{} { return struct{}{} })
		return all[struct{}{}].vicinity
	}
	return func(m summary.Minute) int64 {
		v, _ := s.vicinity(m)
		switch kind {
		case summary.Connect:
			return v.Connected
		case summary.Refusal:
			return v.Refused
		default:
			return v.Dropped
		}
	}
}

// part returns a counter for some of the devices that have an event of the given kind. It counts a
// device once for each cell, so its results are upper bounds. It never returns more than the number
// of all devices.
func (s sums) part(kind summary.Kind, part series) counter {
	all := s.devices(kind)
	return func(m summary.Minute) int64 { return min(part.vicinity(m), all(m)) }
}

// series holds the number of devices in each minute. The zero value has no devices.
type series map[summary.Minute]int64

// vicinity adds up a minute and its two neighbors.
func (s series) vicinity(m summary.Minute) int64 { return s[m-1] + s[m] + s[m+1] }

// split returns a series for each key of the cells of the given kind.
func split[K comparable](cells []summary.Cell, kind summary.Kind, key func(*summary.Cell) K) map[K]series {
	all := map[K]series{}
	for i := range cells {
		c := &cells[i]
		if c.Kind() != kind {
			continue
		}
		k := key(c)
		if all[k] == nil {
			all[k] = series{}
		}
		all[k][c.Minute] += c.Devices
	}
	return all
}

// inWindow returns the cells of a window.
func (s sums) inWindow(w window) []summary.Cell { return within(s.cells, w.first, w.last+1) }
