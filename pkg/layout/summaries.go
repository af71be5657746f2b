package layout

// Range is a range of bytes of an object.
type Range struct{ Offset, Length int64 }

// End returns the offset of the first byte after the range.
func (r Range) End() int64 { return r.Offset + r.Length }

// Minutes returns the range of the summary of minutes. size is the size of the object. The range is
// empty if the segment has no summaries, or if the object is too small for the lengths in its name.
//
// The summaries lie directly before the footer, in the order devices, drops, minutes. So one read
// from the offset of a summary to the end of the object gets this summary and the footer.
func (n Name) Minutes(size int64) Range { return n.summary(size, 0, n.MinutesLength) }

// Drops returns the range of the summary of drops; see Minutes.
func (n Name) Drops(size int64) Range { return n.summary(size, n.MinutesLength, n.DropsLength) }

// Devices returns the range of the summary of devices; see Minutes. The range is also empty if the
// segment has no such summary.
func (n Name) Devices(size int64) Range {
	return n.summary(size, n.MinutesLength+n.DropsLength, n.DevicesLength)
}

// summary returns the range of a summary. after is the number of bytes between the summary and the
// footer.
func (n Name) summary(size, after, length int64) Range {
	if length == 0 || size < n.FooterLength+n.SummariesLength() {
		return Range{}
	}
	return Range{size - n.FooterLength - after - length, length}
}

// SummariesLength returns the total length of the summaries, in bytes.
func (n Name) SummariesLength() int64 { return n.MinutesLength + n.DropsLength + n.DevicesLength }
