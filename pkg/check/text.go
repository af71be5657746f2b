package check

import (
	"bufio"
	"fmt"
	"io"
	"text/tabwriter"
)

// WriteText writes the report as plain text: the findings, a table of the levels, the totals, a
// verdict and, if there are violations, advice on what to do.
func (r Report) WriteText(w io.Writer) error {
	out := bufio.NewWriter(w) // Flush returns the first error of all writes
	for _, n := range r.Notes {
		fmt.Fprintln(out, "note:", n)
	}
	writeMore(out, r.MoreNotes, "note")
	for _, v := range r.Violations {
		fmt.Fprintln(out, "violation:", v)
	}
	writeMore(out, r.MoreViolations, "violation")
	r.writeLevels(out)
	fmt.Fprintf(out, "%s in %s; objects quarantined: %d, superseded: %d, foreign: %d\n",
		counted(r.Events, "event"), counted(r.Partitions, "partition"), r.Quarantined, r.Superseded, r.Foreign)
	fmt.Fprintln(out, r.verdict())
	return out.Flush()
}

func writeMore(w io.Writer, n int, thing string) {
	if n > 0 {
		fmt.Fprintf(w, "and %s\n", counted(n, "more "+thing))
	}
}

// counted returns a number and a noun, such as "1 byte" or "2 bytes".
func counted[N int | int64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func (r Report) writeLevels(w io.Writer) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "level\tobjects\trows\tbytes\t")
	for _, l := range r.Levels {
		fmt.Fprintf(table, "%d\t%d\t%d\t%d\t\n", l.Level, l.Objects, l.Rows, l.Bytes)
	}
	fmt.Fprintf(table, "all\t%d\t%d\t%d\t\n", r.Objects, r.Rows, r.Bytes)
	_ = table.Flush()
}

// advice says what to do about violations. The report prints it below their number.
const advice = `Keep the damaged segments; queries name them and read the rest.
Restore them from a backup if there is one, and find out what else writes to the bucket.`

func (r Report) verdict() string {
	switch n := r.violations(); {
	case n > 0:
		return counted(n, "violation") + ".\n" + advice
	case r.Layout.Shards == 0:
		return "The bucket is not in use yet."
	default:
		return fmt.Sprintf("All is well: %d shards.", r.Layout.Shards)
	}
}
