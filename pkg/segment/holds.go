package segment

import "strings"

const keyHolds = "device-trace.holds"

// SetHolds states in the footer which other segments the segment holds, that is, the names of
// segments whose rows are all in this segment. It must be called before Close, and has no effect on
// a fresh segment.
func (w *Writer) SetHolds(names []string) { w.holds = names }

// Holds returns the names of the segments that this segment holds, as its writer stated them. A
// fresh segment holds none.
func (f *Footer) Holds() []string {
	text, _ := f.file.Lookup(keyHolds)
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}
