package check

import (
	"context"
	"slices"

	"devicetrace/pkg/layout"
)

// statement checks what the footer of a compacted segment states about the segments that it holds.
// The compacted segment must contain all events of each listed segment that it claims to hold,
// because a compaction may delete such a segment.
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

// held checks the listed segments that the holder claims to hold by stating the given name. These
// are the segment with this name and, if it belongs to a run, the segments of the run with lower
// sequence numbers.
func (p *partition) held(ctx context.Context, holder layout.Segment, name layout.Name, listed []layout.Segment) error {
	for _, s := range listed {
		isRun := name.Fresh() && s.Name.Run == name.Run && s.Name.Seq <= name.Seq
		if !p.readable[s.Key] || s.Name != name && !isRun {
			continue
		}
		p.superseded[s.Key] = true
		if err := p.holds(ctx, holder, s); err != nil {
			return err
		}
	}
	return nil
}
