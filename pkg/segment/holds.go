package segment

const keyHolds = "device-trace.holds"

// SetHolds sets the names of the held segments, which Close writes into the footer. All rows of a
// held segment must be in this segment, too. SetHolds must be called before Close. It has no effect
// on a fresh segment.
func (w *Writer) SetHolds(names []string) { w.holds = names }

// Holds returns the names of the held segments that the segment's footer lists; see Footer.Holds.
func (c *ClientRows) Holds() []string { return c.footer.Holds() }

// Holds returns the names of the held segments that the footer lists; see SetHolds. A fresh segment
// holds none. Callers must not change the slice.
func (f *Footer) Holds() []string { return f.holds }
