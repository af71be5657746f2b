package check

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// WriteText writes the report as plain text: the findings, a table of the levels, the totals, a
// verdict and, if there are violations, advice on what to do.
func (r Report) WriteText(w io.Writer) error {
	for _, n := range r.Notes {
		fmt.Fprintln(w, "note:", n)
	}
	writeMore(w, r.MoreNotes, "note")
	for _, v := range r.Violations {
		fmt.Fprintln(w, "violation:", v)
	}
	writeMore(w, r.MoreViolations, "violation")
	if err := r.writeLevels(w); err != nil {
		return err
	}
	fmt.Fprintf(w, "%s in %s; objects quarantined: %d, superseded: %d, foreign: %d\n",
		counted(r.Events, "event"), counted(r.Partitions, "partition"), r.Quarantined, r.Superseded, r.Foreign)
	_, err := fmt.Fprintln(w, r.verdict())
	return err
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

func (r Report) writeLevels(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "level\tobjects\trows\tbytes\t")
	for _, l := range r.Levels {
		fmt.Fprintf(table, "%d\t%d\t%d\t%d\t\n", l.Level, l.Objects, l.Rows, l.Bytes)
	}
	fmt.Fprintf(table, "all\t%d\t%d\t%d\t\n", r.Objects, r.Rows, r.Bytes)
	return table.Flush()
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
