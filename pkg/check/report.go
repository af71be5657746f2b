package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"devicetrace/pkg/layout"
)

// Report says what a bucket contains and what is wrong with it.
type Report struct {
	// Layout is the bucket's layout, or the zero Layout if the bucket has no marker.
	Layout layout.Layout
	// Partitions is the number of partitions checked. Objects is the number of segments in these
	// partitions, including superseded segments. Bytes is the total size of the segments. Rows is
	// the total number of rows, not counting the rows of unreadable segments.
	Partitions, Objects int
	Rows, Bytes         int64
	// Events is the number of distinct events that queries can return.
	Events int64
	// Superseded is the number of objects whose rows another object must also contain: a later
	// object of the same run, or a compacted segment whose footer names the object as held. If
	// there is no violation, the superseded objects are safe to delete.
	Superseded int
	// Foreign is the number of objects whose keys do not belong to the layout.
	Foreign int
	// Quarantined is the number of quarantined items checked.
	Quarantined int
	// Unsettled is the number of partitions that were not checked because they kept changing. A
	// note names each of them.
	Unsettled int
	// Incomplete means that the check ended early, with an error.
	Incomplete bool
	// Levels holds the totals for each level, in ascending order of level.
	Levels []Level

	// Violations are broken invariants. Notes are other facts that an operator may want to know.
	// Each list has at most Options.MaxFindings entries. MoreViolations and MoreNotes count the
	// findings that were left out.
	Violations, Notes         []Finding
	MoreViolations, MoreNotes int

	limit     int
	ambiguous bool // the bucket has two layout markers
}

// Level holds the totals for the segments of one level.
type Level struct {
	Level, Objects int
	Rows, Bytes    int64
}

// Finding names an object or a prefix, and says what is wrong or notable about it.
type Finding struct{ Key, What string }

// String returns the finding as one line.
func (f Finding) String() string { return fmt.Sprintf("%q: %s", f.Key, f.What) }

// Err returns nil if all partitions were checked and there are no violations. If there are
// violations, the error quotes the first few.
func (r Report) Err() error {
	switch {
	case len(r.Violations) > 0:
		return r.violationsErr()
	case r.Unsettled > 0:
		return fmt.Errorf("check bucket: %s; run the check again", r.unsettled())
	default:
		return nil
	}
}

func (r Report) unsettled() string {
	return counted(r.Unsettled, "partition") + " kept changing and could not be checked"
}

func (r Report) violationsErr() error {
	const few = 5
	var lines []string
	for _, v := range r.Violations[:min(few, len(r.Violations))] {
		lines = append(lines, v.String())
	}
	if r.violations() > len(lines) {
		lines = append(lines, "…")
	}
	return fmt.Errorf("check bucket: %s: %s", counted(r.violations(), "violation"), strings.Join(lines, "; "))
}

func (r Report) violations() int { return len(r.Violations) + r.MoreViolations }

func (r *Report) violate(key, format string, values ...any) {
	keep(&r.Violations, &r.MoreViolations, r.limit, Finding{key, fmt.Sprintf(format, values...)})
}

func (r *Report) note(key, format string, values ...any) {
	keep(&r.Notes, &r.MoreNotes, r.limit, Finding{key, fmt.Sprintf(format, values...)})
}

// keep appends a finding to *list. If *list already has the maximum number of findings, keep
// increments *more instead.
func keep(list *[]Finding, more *int, limit int, found Finding) {
	if len(*list) >= limit {
		*more++
		return
	}
	*list = append(*list, found)
}

// count adds a segment to the totals. The caller passes zero rows for an unreadable segment.
func (r *Report) count(s layout.Segment, rows int64) {
	r.addLevel(Level{Level: s.Name.Level, Objects: 1, Rows: rows, Bytes: s.Size})
}

// addLevel adds the totals of one level to the report.
func (r *Report) addLevel(l Level) {
	at, known := slices.BinarySearchFunc(r.Levels, l.Level, func(have Level, level int) int { return cmp.Compare(have.Level, level) })
	if !known {
		r.Levels = slices.Insert(r.Levels, at, Level{Level: l.Level})
	}
	sum := &r.Levels[at]
	sum.Objects, sum.Rows, sum.Bytes = sum.Objects+l.Objects, sum.Rows+l.Rows, sum.Bytes+l.Bytes
	r.Objects, r.Rows, r.Bytes = r.Objects+l.Objects, r.Rows+l.Rows, r.Bytes+l.Bytes
}

// add adds a partition's report to the bucket's report.
func (r *Report) add(p Report) {
	for _, l := range p.Levels {
		r.addLevel(l)
	}
	r.Partitions++
	r.Events += p.Events
	r.Superseded += p.Superseded
	for _, v := range p.Violations {
		keep(&r.Violations, &r.MoreViolations, r.limit, v)
	}
	for _, n := range p.Notes {
		keep(&r.Notes, &r.MoreNotes, r.limit, n)
	}
	r.MoreViolations += p.MoreViolations
	r.MoreNotes += p.MoreNotes
}
