package compact

import (
	"context"
	"errors"
	"fmt"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/segment"
)

// openInputs returns a cursor for each input, and the total number of rows in the inputs. Every
// input must have an entry in p.facts. The caller must close the cursors.
func (p *partition) openInputs(inputs []layout.Segment) (cursors []*segment.Cursor, rows int64) {
	for _, input := range inputs {
		footer := p.facts[input.Key].footer
		rows += footer.Digest().Rows
		cursors = append(cursors, segment.OpenCursor(sized{p.store}, object(input), footer))
	}
	return cursors, rows
}

func (c *Compactor) readFooter(ctx context.Context, s layout.Segment) (*segment.Footer, error) {
	return segment.OpenIndex(ctx, sized{c.store}, object(s))
}

func object(s layout.Segment) segment.Object {
	return segment.Object{Key: s.Key, Size: s.Size, FooterLength: s.Name.FooterLength, IndexLength: s.Name.IndexLength}
}

// sized reads objects whose sizes are known from a listing. If an object is shorter than its listed
// size, it is corrupt, so Read returns a segment.ObjectError.
type sized struct{ store Store }

func (s sized) Read(ctx context.Context, key string, off, n int64) ([]byte, error) {
	data, err := s.store.Read(ctx, key, off, n)
	if errors.Is(err, objstore.ErrRange) {
		return nil, &segment.ObjectError{Key: key, Err: fmt.Errorf("%w: %w", segment.ErrCorrupt, err)}
	}
	return data, err
}

func closeAll(cursors []*segment.Cursor) {
	for _, cursor := range cursors {
		cursor.Close()
	}
}
