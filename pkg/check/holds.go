package check

import (
	"context"
	"slices"

	"devicetrace/pkg/layout"
)

// statement checks the names of the held segments in the footer of the compacted segment s. If a
// named segment is listed, s must contain all of its events, because a compaction may delete the
// named segment.
func (p *partition) statement(ctx context.Context, s layout.Segment, listed []layout.Segment) error {
	rows, err := p.stream(ctx, s)
	if err != nil {
		return err
	}
	rows.close()
	names := rows.footer.Holds()
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) < len(names) {
		p.report.violate(s.Key, "the names of the held segments in its footer must be in ascending order, without duplicates")
	}
	for _, text := range names {
		name, err := layout.ParseName(text)
		switch {
		case err != nil:
			p.report.violate(s.Key, "its footer states that it holds %q, which is not the name of a segment", text)
		case name.Level >= s.Name.Level:
			p.report.violate(s.Key, "its footer states that it holds %q, but a segment can hold only segments of lower levels", text)
		default:
			if err := p.held(ctx, s, name, listed); err != nil {
				return err
			}
		}
	}
	return nil
}

// held checks that holder contains all rows of the segments that the given name stands for: the
// segment with this name and, if it belongs to a run, the run's segments with lower sequence
// numbers. held skips segments that are not listed. If a listed segment is not readable, held notes
// that its rows are not missing.
func (p *partition) held(ctx context.Context, holder layout.Segment, name layout.Name, listed []layout.Segment) error {
	for _, s := range listed {
		if !name.Covers(s.Name) {
			continue
		}
		if !p.readable[s.Key] {
			p.report.note(s.Key, "it cannot be read, but %q holds its rows; queries ignore it, and a compaction may delete it", holder.Key)
			continue
		}
		p.superseded[s.Key] = true
		if err := p.holds(ctx, holder, s); err != nil {
			return err
		}
	}
	return nil
}
