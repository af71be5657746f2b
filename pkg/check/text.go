package check

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// WriteText writes the report for people: findings, a table of the levels, the sums and
// a verdict.
func (r Report) WriteText(w io.Writer) error {
	for _, n := range r.Notes {
		fmt.Fprintln(w, "note:", n)
	}
	writeMore(w, r.MoreNotes, "notes")
	for _, v := range r.Violations {
		fmt.Fprintln(w, "violation:", v)
	}
	writeMore(w, r.MoreViolations, "violations")
	if err := r.writeLevels(w); err != nil {
		return err
	}
	fmt.Fprintf(w, "%d events in %d partitions, quarantined: %d, superseded: %d, foreign: %d\n",
		r.Events, r.Partitions, r.Quarantined, r.Superseded, r.Foreign)
	_, err := fmt.Fprintln(w, r.verdict())
	return err
}

func writeMore(w io.Writer, n int, things string) {
	if n > 0 {
		fmt.Fprintf(w, "and %d more %s\n", n, things)
	}
}

func (r Report) writeLevels(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "level\tobjects\trows\tbytes\t")
	for _, l := range r.Levels {
		fmt.Fprintf(table, "%d\t%d\t%d\t%d\t\n", l.Level, l.Objects, l.Rows, l.Bytes)
	}
	fmt.Fprintf(table, "all\t%d\t%d\t%d\t\n", r.Objects, r.Rows, r.Bytes)
	return table.Flush()
}

func (r Report) verdict() string {
	switch n := r.violations(); {
	case n == 1:
		return "1 violation."
	case n > 1:
		return fmt.Sprintf("%d violations.", n)
	case r.Layout.Shards == 0:
		return "The bucket is not in use yet."
	default:
		return fmt.Sprintf("All is well: %d shards.", r.Layout.Shards)
	}
}
