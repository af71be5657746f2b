package compact

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/segment"
)

// merge carries out a plan. It stages the output on local disk, puts it into the store and reads it
// back. It then deletes the superseded segments.
//
// A crash before the deletes leaves both the inputs and the output in the store, but readers show
// each row only once. A later call to Run merges these segments again.
func (c *Compactor) merge(ctx context.Context, plan Plan, report *Report) (output layout.Segment, err error) {
	staged, err := c.stage(ctx, plan)
	if err != nil {
		return output, err
	}
	defer staged.discard()
	output = staged.segment(plan)
	if err := c.store.Put(ctx, output.Key, staged.file, output.Size); err != nil {
		return output, fmt.Errorf("put segment %q: %w", output.Key, err)
	}
	if err := c.verify(ctx, output, staged.written.Digest); err != nil {
		return output, err
	}
	report.Merges++
	report.Inputs += len(plan.Inputs)
	report.Rows += staged.written.Digest.Rows
	report.Bytes += output.Size
	return output, c.deleteSuperseded(ctx, plan.Superseded, report)
}

// deleteSuperseded deletes exactly the objects under the given keys. One request deletes up to
// objstore.MaxPage objects.
func (c *Compactor) deleteSuperseded(ctx context.Context, keys []string, report *Report) error {
	for some := range slices.Chunk(keys, objstore.MaxPage) {
		if err := c.store.Delete(ctx, some...); err != nil {
			return fmt.Errorf("delete superseded segments: %w", err)
		}
		report.Deleted += len(some)
	}
	return nil
}

// staged is a merge's output in a file on local disk.
type staged struct {
	file    *os.File
	written segment.Written
	digest  string
}

// discard removes the file. It ignores errors, because a leftover file only takes up disk space.
func (s *staged) discard() {
	_ = s.file.Close()
	_ = os.Remove(s.file.Name())
}

// segment returns the key, size and name of the output.
func (s *staged) segment(plan Plan) layout.Segment {
	name := layout.Name{Level: plan.Level, Digest: s.digest, FooterLength: s.written.FooterLength}
	return layout.Segment{Key: name.Key(plan.Partition), Size: s.written.Size, Name: name}
}

// stage writes the plan's output to a new file.
func (c *Compactor) stage(ctx context.Context, plan Plan) (_ *staged, err error) {
	file, err := os.CreateTemp(c.config.Dir, "compact-*.parquet")
	if err != nil {
		return nil, fmt.Errorf("stage output: %v", err) // not wrapped: fs.ErrNotExist would mean a missing input
	}
	s := &staged{file: file}
	defer func() {
		if err != nil {
			s.discard()
		}
	}()
	cursors, rows, err := c.openInputs(ctx, plan.Inputs)
	defer closeAll(cursors)
	if err != nil {
		return nil, err
	}
	digest := sha256.New()
	s.written, err = mergeInto(ctx, plan.writer(io.MultiWriter(file, digest), rows), cursors)
	s.digest = hex.EncodeToString(digest.Sum(nil))
	return s, err
}

// writer returns a writer for the plan's output, which must have at most the given number of rows.
// An output that will probably never be merged again gets the stronger compression.
func (p Plan) writer(out io.Writer, rows int64) *segment.Writer {
	if p.Last {
		return segment.NewWriter(out, segment.GroupRows(rows))
	}
	return segment.NewInterimWriter(out, segment.GroupRows(rows))
}

// mergeInto writes the union of the rows from all cursors as one segment.
func mergeInto(ctx context.Context, writer *segment.Writer, cursors []*segment.Cursor) (segment.Written, error) {
	merge, err := segment.NewMerge(ctx, cursors)
	if err != nil {
		return segment.Written{}, err
	}
	for {
		row, err := merge.Next(ctx)
		if errors.Is(err, io.EOF) {
			return writer.Close()
		}
		if err != nil {
			return segment.Written{}, err
		}
		if err := writer.Add(row); err != nil {
			return segment.Written{}, err
		}
	}
}
