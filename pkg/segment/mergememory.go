package segment

// MergeMemory returns the approximate maximum memory, in bytes, that a merge needs for this input.
// This is the sum of:
//
//   - The footer, and the share of the output's footer that the writer keeps until the end.
//   - The input's row group that takes the most memory.
//
// The estimate of a row group is high for most data. It is close if the columns with dictionaries
// hold a different text in each row.
func (f *Footer) MergeMemory() int64 {
	const fixed, perRawByte, perRow = 200 << 10, 2.2, 250 // measured; see TestMergeMemory
	var largest int64
	for _, g := range f.groups {
		largest = max(largest, g.Length+int64(perRawByte*float64(g.Raw))+perRow*g.Rows)
	}
	return fixed + 5*f.Memory()/2 + largest
}
