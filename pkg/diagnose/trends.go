package diagnose

// Trends sets the fields Since and Usual of all days. The days must be consecutive and sorted, the
// oldest first. A day of which nothing is known must be marked as NotRead.
func Trends(days []Day) {
	r := newRuns()
	var usual Usual
	before := make([]Usual, len(days)) // before[i] covers the active days before days[i]
	for i := range days {
		d := &days[i]
		before[i] = usual
		r.add(d)
		d.Since = r.of(d.Verdicts)
		d.Usual = nil
		if !d.NotRead {
			d.Usual = before[indexOf(days, d.troubleSince())].known()
		}
		if d.isActive() {
			usual.add(d.Drops)
		}
	}
}
