package check

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"devicetrace/pkg/layout"
)

// WriteText writes the report as plain text: the findings, a table of the levels, the totals, a
// verdict and, if segments are damaged, advice on what to do.
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

// Conclude writes the report of a check that returned err, as WriteText does, and returns all
// errors: err, the error of writing, and r.Err. If the check failed before it found anything,
// Conclude writes nothing.
func (r Report) Conclude(w io.Writer, err error) error {
	if err != nil && r.Partitions == 0 && len(r.Notes)+r.violations() == 0 {
		return err
	}
	return errors.Join(r.WriteText(w), err, r.Err())
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

// advice says what to do about damaged segments.
const advice = `
Keep the damaged segments; queries name them and read the rest.
Restore them from a backup if there is one, and find out what else writes to the bucket.`

func (r Report) verdict() string {
	switch n := r.violations(); {
	case n > 0 && slices.ContainsFunc(r.Violations, Finding.isAboutSegment):
		return counted(n, "violation") + "." + advice
	case n > 0:
		return counted(n, "violation") + "."
	case r.Incomplete:
		return "The check ended early. It found no violation until then."
	case r.Unsettled > 0:
		return "No violation was found, but " + r.unsettled() + "."
	case r.Layout.Shards == 0:
		return "The bucket is not in use yet."
	default:
		return fmt.Sprintf("All is well: %d shards.", r.Layout.Shards)
	}
}

func (f Finding) isAboutSegment() bool {
	_, _, err := layout.ParseKey(f.Key)
	return err == nil
}
