package segment

import "io"

// SetSummaries sets the function that supplies the segment's summaries. Close calls it once, after
// writing the last row group. Its argument is the number of bytes that Close will write after the
// summaries. The summaries lie between the last row group and the index, where Parquet readers
// ignore them. SetSummaries must be called before Close. It has no effect on a fresh segment.
func (w *Writer) SetSummaries(summaries func(footer int64) ([]io.Reader, error)) {
	w.summaries = summaries
}

// writeSummaries writes the summaries. after is the number of bytes that will follow them, not
// counting the footer's checksum.
func (w *Writer) writeSummaries(after int) error {
	if w.summaries == nil || w.lifetime == fresh {
		return nil
	}
	parts, err := w.summaries(checksumLength + int64(after))
	if err != nil {
		return err
	}
	for _, part := range parts {
		n, err := io.Copy(w.file.out, part)
		w.file.size += n
		if err != nil {
			return err
		}
	}
	return nil
}
