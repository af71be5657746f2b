package summary

import (
	"bytes"
	"cmp"
	"slices"
)

// Add adds up the given parts, whose order does not matter. It keeps the parts unchanged, but the
// result may share memory with them. The counts are exact if no client is in two parts. Otherwise,
// a client that is in several parts counts several times. The result has totals only if all parts
// have totals. The totals are right only if no client is in two parts.
func Add(parts ...*Sums) *Sums {
	sums := &Sums{Totals: &Totals{}}
	for _, p := range parts {
		sums.Include(p)
	}
	return sums
}

// Include adds the sums o to s, as Add does. It keeps o unchanged, but s may then share memory with
// o. It takes little memory if s already has most of the keys.
func (s *Sums) Include(o *Sums) {
	s.Cells = include(s.Cells, o.Cells, (*Cell).compare, (*Cell).add)
	s.Vicinities = include(s.Vicinities, o.Vicinities, (*Vicinity).compare, (*Vicinity).add)
	s.Devices = include(s.Devices, o.Devices, (*Device).compare, (*Device).Merge)
	s.Totals = addTotals(s.Totals, o.Totals)
}

// include adds up two sorted lists. Items that compare equal are added up. It overwrites the list to.
func include[T any](to, from []T, compare func(a, b *T) int, add func(to, from *T)) []T {
	if len(to) == 0 {
		return slices.Clone(from)
	}
	var missing []T
	i := 0
	for j := range from {
		by := -1
		for i < len(to) {
			if by = compare(&to[i], &from[j]); by >= 0 {
				break
			}
			i++
		}
		if by == 0 {
			add(&to[i], &from[j])
			i++
		} else {
			missing = append(missing, from[j])
		}
	}
	return insert(to, missing, compare)
}

// insert merges two sorted lists that have no item in common.
func insert[T any](list, missing []T, compare func(a, b *T) int) []T {
	if len(missing) == 0 {
		return list
	}
	i, j := len(list), len(missing)
	list = append(list, missing...)
	for to := len(list) - 1; j > 0 && i > 0; to-- { // from the end, so that no item is overwritten before it is moved
		if compare(&list[i-1], &missing[j-1]) > 0 {
			i--
			list[to] = list[i]
		} else {
			j--
			list[to] = missing[j]
		}
	}
	copy(list, missing[:j])
	return list
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

// addSamples returns the sample of a minute over two parts, whose samples are in the order of ranks.
// If a client is in both, its earlier drop counts.
func addSamples(m Minute, a, b []Witness) []Witness {
	if len(a) == 0 || len(b) == 0 {
		return append(a[:len(a):len(a)], b...)
	}
	ranksA, ranksB := ranksOf(m, a), ranksOf(m, b)
	sum := make([]Witness, 0, SampleSize)
	for i, j := 0, 0; len(sum) < SampleSize && i+j < len(a)+len(b); {
		by := 0
		switch {
		case i == len(a):
			by = 1
		case j == len(b):
			by = -1
		default:
			by = bytes.Compare(ranksA[i][:], ranksB[j][:])
		}
		switch {
		case by < 0 || by == 0 && a[i].compare(&b[j]) <= 0:
			sum = append(sum, a[i])
		default:
			sum = append(sum, b[j])
		}
		if by <= 0 {
			i++
		}
		if by >= 0 {
			j++
		}
	}
	return sum
}

// ranksOf returns the ranks of the given witnesses in the sample of a minute.
func ranksOf(m Minute, witnesses []Witness) (ranks [SampleSize]rank) {
	for i := range min(len(witnesses), SampleSize) {
		ranks[i] = rankOf(m, witnesses[i].ClientID)
	}
	return ranks
}

// compare orders witnesses of the same client by time, then by the other fields.
func (w *Witness) compare(o *Witness) int {
	return cmp.Or(cmp.Compare(w.Time, o.Time), cmp.Compare(w.Address, o.Address),
		cmp.Compare(w.Node, o.Node), cmp.Compare(w.ActionInfo, o.ActionInfo))
}
