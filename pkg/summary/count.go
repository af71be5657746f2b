package summary

// Count counts a device. The caller must count each client once, with all its rows.
func (t *Totals) Count(d *Device) { t.add(d) }
