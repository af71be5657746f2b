package segment

// MergeMemory returns the approximate memory, in bytes, that a merge needs for this segment as an
// input. It is the sum of:
//
//   - The segment's footer, and the part of the output's footer that describes the segment's rows.
//     The writer keeps the output's footer in memory until the end.
//   - The row group that takes the most memory.
//   - Buffers of a fixed size.
func (f *Footer) MergeMemory() int64 {
	const buffers = 40 << 10
	var largest int64
	for i := range f.groups {
		largest = max(largest, f.groups[i].groupMemory())
	}
	return buffers + 5*f.Memory()/2 + largest
}

// groupMemory returns the approximate memory, in bytes, that a cursor needs while it reads the row
// group. It is the sum of the row group's bytes and, for each column, a decoded page and the
// dictionary. The factors are measured; see TestMergeMemory.
func (g *Group) groupMemory() int64 {
	pages := min(g.plain, columnCount*2*pageBytes)
	// Each dictionary entry takes at least five bytes. It is decoded and copied into a string,
	// whose header takes 16 bytes. Each row of a page takes at most eight bytes more.
	entries := min(columnCount*g.Rows, g.encoded/5)
	pageRows := min(g.Rows, pageBytes/4)
	decoded := pages + 2*g.encoded + 16*entries + 8*columnCount*pageRows
	const rounding = 1.4 // buffers are larger than their contents
	return g.Length + int64(rounding*float64(decoded))
}
