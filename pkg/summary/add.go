package summary

import (
	"bytes"
	"cmp"
	"slices"
)

// Add returns the sums over parts, in any order. It keeps the parts unchanged, but the result may
// share memory with them. If the parts are of different clients, the counts are exact. Otherwise,
// clients that are in several parts count several times. The result has totals only if all parts
// have totals, and these are right only if the parts are of different clients.
func Add(parts ...*Sums) *Sums {
	var cells [][]Cell
	var vicinities [][]Vicinity
	var devices [][]Device
	for _, p := range parts {
		cells, vicinities, devices = append(cells, p.Cells), append(vicinities, p.Vicinities), append(devices, p.Devices)
	}
	return &Sums{
		Cells:      addUp(cells, (*Cell).compare, (*Cell).add),
		Vicinities: addUp(vicinities, (*Vicinity).compare, (*Vicinity).add),
		Devices:    addUp(devices, (*Device).compare, (*Device).Merge),
		Totals:     addTotals(parts),
	}
}

// addUp merges sorted lists into one, and adds up the items that compare equal. It overwrites the
// slice lists, but not the lists themselves.
func addUp[T any](lists [][]T, compare func(a, b *T) int, add func(to, from *T)) []T {
	if len(lists) == 0 {
		return nil
	}
	for len(lists) > 1 {
		merged := lists[:0]
		for pair := range slices.Chunk(lists, 2) {
			if len(pair) == 2 {
				pair[0] = addTwo(pair[0], pair[1], compare, add)
			}
			merged = append(merged, pair[0])
		}
		lists = merged
	}
	return lists[0]
}

// addTwo merges two sorted lists. It expects that most items of the shorter list are in both.
func addTwo[T any](a, b []T, compare func(a, b *T) int, add func(to, from *T)) []T {
	if len(a) == 0 || len(b) == 0 {
		return slices.Clip(append(a[:len(a):len(a)], b...))
	}
	sums := make([]T, 0, max(len(a), len(b)))
	for len(a) > 0 && len(b) > 0 {
		by := compare(&a[0], &b[0])
		if by <= 0 {
			sums, a = append(sums, a[0]), a[1:]
		} else {
			sums, b = append(sums, b[0]), b[1:]
		}
		if by == 0 {
			add(&sums[len(sums)-1], &b[0])
			b = b[1:]
		}
	}
	return append(append(sums, a...), b...)
}

func (c *Cell) add(o *Cell) {
	c.Events += o.Events
	c.Devices += o.Devices
}

func (v *Vicinity) compare(o *Vicinity) int { return cmp.Compare(v.Minute, o.Minute) }
func (d *Device) compare(o *Device) int     { return cmp.Compare(d.ClientID, o.ClientID) }

func (v *Vicinity) add(o *Vicinity) {
	v.Connected += o.Connected
	v.Dropped += o.Dropped
	v.Refused += o.Refused
	v.Sample = addSamples(v.Minute, v.Sample, o.Sample)
}

// addSamples returns the sample of a minute over two parts. If a client is in both, its earlier
// drop counts.
func addSamples(m Minute, a, b []Witness) []Witness {
	var all sample
	for _, w := range slices.Concat(a, b) {
		all = append(all, ranked{rankOf(m, w.ClientID), w})
	}
	slices.SortFunc(all, func(x, y ranked) int {
		return cmp.Or(bytes.Compare(x.rank[:], y.rank[:]), cmp.Compare(x.Time, y.Time), cmp.Compare(x.Address, y.Address),
			cmp.Compare(x.Node, y.Node), cmp.Compare(x.ActionInfo, y.ActionInfo))
	})
	all = slices.CompactFunc(all, func(x, y ranked) bool { return x.rank == y.rank })
	return all[:min(len(all), SampleSize)].witnesses()
}

// addTotals returns the sums of the parts' totals, or nil if one part has none.
func addTotals(parts []*Sums) *Totals {
	sum := &Totals{}
	for _, p := range parts {
		if p.Totals == nil {
			return nil
		}
		sum.Devices += p.Totals.Devices
		sum.Dropped += p.Totals.Dropped
		sum.Flapping += p.Totals.Flapping
		sum.Offline += p.Totals.Offline
		sum.Most = append(sum.Most, p.Totals.Most...)
	}
	slices.SortFunc(sum.Most, func(a, b Device) int { return compareByDrops(a, &b) })
	sum.Most = sum.Most[:min(len(sum.Most), MostDevices)]
	return sum
}

// compareByDrops orders devices by the number of drops, descending, then by client.
func compareByDrops(a Device, b *Device) int {
	return cmp.Or(cmp.Compare(b.Drops, a.Drops), cmp.Compare(a.ClientID, b.ClientID))
}
