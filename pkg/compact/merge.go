package compact

import (
	"context"
	"errors"
	"fmt"
	"io"
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
func (p *partition) merge(ctx context.Context, plan Plan) (output layout.Segment, err error) {
	staged, err := p.stage(ctx, plan)
	if err != nil {
		return output, err
	}
	defer staged.discard()
	output = staged.segment(plan)
	if err := p.store.Put(ctx, output.Key, staged.file, output.Size); err != nil {
		return output, fmt.Errorf("put segment %q: %w", output.Key, err)
	}
	if err := p.verify(ctx, output, staged.written.Digest); err != nil {
		return output, err
	}
	p.report.Merges++
	p.report.Inputs += len(plan.Inputs)
	p.report.Rows += staged.written.Digest.Rows
	p.report.Bytes += output.Size
	return output, p.deleteSuperseded(ctx, plan.Superseded)
}

// deleteSuperseded deletes exactly the objects under the given keys. One request deletes up to
// objstore.MaxPage objects.
func (p *partition) deleteSuperseded(ctx context.Context, keys []string) error {
	for some := range slices.Chunk(keys, objstore.MaxPage) {
		if err := p.store.Delete(ctx, some...); err != nil {
			return fmt.Errorf("delete superseded segments: %w", err)
		}
		p.report.Deleted += len(some)
	}
	return nil
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
