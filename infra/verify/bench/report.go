package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"
)

// report is all that a run found.
type report struct {
	Machine machine   `json:"machine"`
	Date    time.Time `json:"date"`
	Commit  string    `json:"commit"`
	Scale   float64   `json:"scale"`
	Devices int       `json:"devices"`
	Seconds float64   `json:"seconds"`
	Rows    []row     `json:"rows"`
}

func (b *bench) report(ctx context.Context) report {
	return report{
		Machine: thisMachine(), Date: b.started.UTC(), Commit: commitOf(ctx, b.root),
		Scale: b.scale, Devices: b.devices(), Seconds: time.Since(b.started).Seconds(), Rows: b.rows,
	}
}

// print is the table.
func (r report) print(out io.Writer) {
	m := r.Machine
	fmt.Fprintf(out, "\nDevice Trace, SCALE=%g: %d devices. %s, %d cores, %.0f GB, %s, commit %s, %s, took %.0f s.\n",
		r.Scale, r.Devices, m.CPU, m.Cores, m.MemoryGB, m.Go, r.Commit, r.Date.Format(time.DateOnly), r.Seconds)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	section := ""
	for _, row := range r.Rows {
		if row.Section != section {
			section = row.Section
			fmt.Fprintf(table, "\n%s\tfigure to beat\tmeasured\t\n", section)
		}
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s\n", row.What, row.Figure, row.measured(), row.verdict())
	}
	_ = table.Flush()
	r.printFigures(out)
}

// printFigures is the rows that have a figure to beat once more, and how many of
// them beat it.
func (r report) printFigures(out io.Writer) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "\nfigures to beat\tfigure\tmeasured\t\n")
	verdicts := map[verdict]int{}
	for _, row := range r.Rows {
		if row.Figure != "" {
			verdicts[row.Verdict]++
			fmt.Fprintf(table, "  %s: %s\t%s\t%s\t%s\n", row.Section, row.What, row.Figure, row.measured(), row.verdict())
		}
	}
	_ = table.Flush()
	fmt.Fprintf(out, "\n%d met, %d missed, %d do not apply at this scale.\n", verdicts[met], verdicts[missed], verdicts[notApplicable])
}

func (r row) measured() string {
	if r.Text != "" {
		return r.Text
	}
	return short(r.Value) + " " + r.Unit
}

func (r row) verdict() string {
	if r.Verdict == notApplicable {
		return string(r.Verdict) + ": " + r.Why
	}
	return string(r.Verdict)
}

// write is the JSON.
func (r report) write(root, path string) error {
	if path == "" {
		path = filepath.Join(root, ".build", "bench.json")
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(r); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, text.Bytes(), 0o644)
}
