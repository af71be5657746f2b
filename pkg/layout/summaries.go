package layout

// Range is a range of bytes of an object.
type Range struct{ Offset, Length int64 }

// End returns the offset of the first byte after the range.
func (r Range) End() int64 { return r.Offset + r.Length }

// Index returns the range of the index, which lies directly before the footer. size is the size of
// the object. The range is empty if the segment has no index, or if the object is too small for the
// lengths in its name.
func (n Name) Index(size int64) Range { return n.before(size, 0, n.IndexLength) }

// Minutes returns the range of the summary of minutes; see Index. The range is empty if the segment
// has no summaries.
//
// The summaries lie directly before the index, in the order devices, drops, minutes. So a single
// read from the start of a summary to the end of the index gets both.
func (n Name) Minutes(size int64) Range { return n.before(size, n.IndexLength, n.MinutesLength) }

// Drops returns the range of the summary of drops; see Minutes.
func (n Name) Drops(size int64) Range {
	return n.before(size, n.IndexLength+n.MinutesLength, n.DropsLength)
}

// Devices returns the range of the summary of devices; see Minutes. The range is also empty if the
// segment has no such summary.
func (n Name) Devices(size int64) Range {
	return n.before(size, n.IndexLength+n.MinutesLength+n.DropsLength, n.DevicesLength)
}

// before returns a range of the given length that lies before the footer. after is the number of
// bytes between the range and the footer.
func (n Name) before(size, after, length int64) Range {
	if length == 0 || size < n.FooterLength+n.IndexLength+n.SummariesLength() {
		return Range{}
	}
	return Range{size - n.FooterLength - after - length, length}
}

// SummariesLength returns the total length of the summaries, in bytes.
func (n Name) SummariesLength() int64 { return n.MinutesLength + n.DropsLength + n.DevicesLength }
