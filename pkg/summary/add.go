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
	sums := &Sums{}
	for _, p := range parts {
		sums.Cells = append(sums.Cells, p.Cells...)
		sums.Vicinities = append(sums.Vicinities, p.Vicinities...)
		sums.Devices = append(sums.Devices, p.Devices...)
	}
	sums.Cells = addUp(sums.Cells, (*Cell).compare, (*Cell).add)
	sums.Vicinities = addUp(sums.Vicinities, (*Vicinity).compare, (*Vicinity).add)
	sums.Devices = addUp(sums.Devices, (*Device).compare, (*Device).Merge)
	sums.Totals = addTotals(parts)
	return sums
}

// addUp sorts the items and adds up the ones that compare equal.
func addUp[T any](items []T, compare func(a, b *T) int, add func(to, from *T)) []T {
	slices.SortStableFunc(items, func(a, b T) int { return compare(&a, &b) })
	sums := items[:0]
	for i := range items {
		if n := len(sums); n > 0 && compare(&sums[n-1], &items[i]) == 0 {
			add(&sums[n-1], &items[i])
		} else {
			sums = append(sums, items[i])
		}
	}
	return sums
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
