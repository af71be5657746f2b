package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// figure is a measured value, the name that README.md gives it, and its target if it has one.
type figure struct {
	name   string
	value  metric
	unit   string // what the value is printed with, such as "ms"; empty for a count
	target target
}

// target is a limit for a figure. The zero value means that the figure has no target.
type target struct {
	relation string // "≤" or "≥"
	limit    float64
	// minScale is the smallest SCALE at which the figure is compared with the target. At a smaller
	// scale, the partitions or the fleet are too small.
	minScale float64
}

func atMost(limit float64) target  { return target{relation: "≤", limit: limit} }
func atLeast(limit float64) target { return target{relation: "≥", limit: limit} }

// from returns the target with the given minScale.
func (t target) from(scale float64) target {
	t.minScale = scale
	return t
}

// verdict returns "met" or "missed". If there is no target, or if the target does not apply at the
// given scale, it says so instead.
func (t target) verdict(value, scale float64) string {
	switch {
	case t.relation == "":
		return "no target"
	case scale < t.minScale:
		return fmt.Sprintf("applies from SCALE=%g", t.minScale)
	case t.relation == "≤" && value <= t.limit, t.relation == "≥" && value >= t.limit:
		return "met"
	default:
		return "missed"
	}
}

// limitText returns the target as text, for example "≤ 32 KB", or "-" if there is none.
func (f figure) limitText() string {
	if f.target.relation == "" {
		return "-"
	}
	return f.target.relation + " " + f.withUnit(f.target.limit)
}

func (f figure) withUnit(value float64) string {
	if f.unit == "" {
		return short(value)
	}
	return short(value) + " " + f.unit
}

// valueAndVerdict returns the measured value and the verdict as texts.
func (f figure) valueAndVerdict(found *results, scale float64) (value, verdict string) {
	measured, ok := found.values[f.value]
	if !ok {
		return "-", "not measured"
	}
	return f.withUnit(measured), f.target.verdict(measured, scale)
}

// printFigures prints one line for each figure: its name, the measured value, the target and the
// verdict. Two or more spaces separate these columns.
func printFigures(out io.Writer, found *results, scale float64) {
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "\nfigure\tmeasured\ttarget\tverdict")
	for _, g := range groups {
		for _, f := range g.figures {
			value, verdict := f.valueAndVerdict(found, scale)
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", f.name, value, f.limitText(), verdict)
		}
	}
	_ = table.Flush()
}

// row returns the figure as a row of README.md.
func (f figure) row(value, verdict string) string {
	if verdict == "missed" {
		value += ": **missed**"
	}
	return fmt.Sprintf("| %s | %s | %s |", f.name, f.limitText(), value)
}

// updateRows returns the text of README.md with new rows for all measured figures. It keeps the old
// row if the figure was not measured, or if its target does not apply at the given scale.
func updateRows(text string, found *results, scale float64) string {
	lines := strings.Split(text, "\n")
	for _, g := range groups {
		for _, f := range g.figures {
			value, verdict := f.valueAndVerdict(found, scale)
			n := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, "| "+f.name+" | ") })
			if n >= 0 && slices.Contains([]string{"met", "missed", "no target"}, verdict) {
				lines[n] = f.row(value, verdict)
			}
		}
	}
	return strings.Join(lines, "\n")
}
