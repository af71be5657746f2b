package segment

// MergeMemory returns the approximate memory, in bytes, that a merge needs for this segment as an
// input. It is the sum of:
//
//   - The segment's footer, and the part of the output's footer that describes the segment's rows.
//     The writer keeps the output's footer in memory until the end.
//   - The row group that takes the most memory.
//   - Buffers of a fixed size.
func (f *Footer) MergeMemory() int64 {
	const buffers = 200 << 10
	var largest int64
	for i := range f.groups {
		largest = max(largest, f.groupMemory(&f.groups[i]))
	}
	return buffers + 5*f.Memory()/2 + largest
}

// groupMemory returns the approximate memory, in bytes, that a cursor needs while it reads row
// group g. It is the sum of the row group's bytes and, for each column, a decoded page and the
// dictionary. The factors are measured; see TestMergeMemory.
func (f *Footer) groupMemory(g *Group) int64 {
	var decoded int64
	for _, c := range f.columns {
		chunk := &f.file.Metadata().RowGroups[g.index].Columns[c.index].MetaData
		size := chunk.TotalUncompressedSize
		if chunk.DictionaryPageOffset == 0 {
			decoded += min(size, 2*pageBytes)
			continue
		}
		// Each dictionary entry takes at least five bytes. It is decoded and copied into a string,
		// whose header takes 16 bytes. Each row has an index of four bytes.
		entries := min(g.Rows, size/5)
		decoded += 2*size + 16*entries + 4*g.Rows
	}
	const rounding = 1.4 // the library's buffers are larger than their contents
	return g.Length + int64(rounding*float64(decoded))
}
