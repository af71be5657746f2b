package summary

import (
	"cmp"
	"slices"
)

// Count counts a device. The caller must count each client once, with all its rows.
func (t *Totals) Count(d *Device) {
	t.Devices++
	if d.Drops > 0 {
		t.Dropped++
	}
	if d.State() == Offline {
		t.Offline++
	}
	if d.Drops >= FlappingDrops {
		t.Flapping++
		t.keep(d)
	}
}

// keep adds a flapping device to t.Most if it is one of those with the most drops.
func (t *Totals) keep(d *Device) {
	at, _ := slices.BinarySearchFunc(t.Most, d, compareByDrops)
	if at < MostDevices {
		t.Most = slices.Insert(t.Most, at, d.Clone())
		t.Most = t.Most[:min(len(t.Most), MostDevices)]
	}
}

// addTotals returns the sum of two totals, or nil if one of them is nil.
func addTotals(a, b *Totals) *Totals {
	if a == nil || b == nil {
		return nil
	}
	sum := &Totals{
		Devices: a.Devices + b.Devices, Dropped: a.Dropped + b.Dropped,
		Flapping: a.Flapping + b.Flapping, Offline: a.Offline + b.Offline,
		Most: slices.Concat(a.Most, b.Most),
	}
	slices.SortFunc(sum.Most, func(a, b Device) int { return compareByDrops(a, &b) })
	sum.Most = sum.Most[:min(len(sum.Most), MostDevices)]
	return sum
}

// compareByDrops orders devices by the number of drops, descending, then by client.
func compareByDrops(a Device, b *Device) int {
	return cmp.Or(cmp.Compare(b.Drops, a.Drops), cmp.Compare(a.ClientID, b.ClientID))
}

// Equal reports whether two totals are equal. Neither may be nil.
func (t *Totals) Equal(o *Totals) bool {
	return t.Devices == o.Devices && t.Dropped == o.Dropped && t.Flapping == o.Flapping && t.Offline == o.Offline &&
		slices.Equal(t.Most, o.Most)
}
