// Bench measures what Go benchmarks cannot measure:
//
//   - a whole fleet's day
//   - the same queries on the same rows in other engines
//   - days on a simulated clock
//
// If bench is given files with the output of this package's Go benchmarks, it also reads these
// results. At the end, it prints the monthly bills, and each figure next to its target. `make
// bench` runs the benchmarks and then this command. README.md describes the method and explains the
// figures.
//
// Usage:
//
//	SCALE=1 bench [file...]         measure, and print measurements, figures and bills
//	SCALE=1 bench readme file...    measure nothing, and write the figures into README.md
//
// SCALE is the size of the fleet in millions of devices, 1 by default. Measurements are printed in
// the format of Go benchmarks.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"syscall"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if err := run(ctx, os.Args[1:], os.Getenv("SCALE"), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string, scale string, out io.Writer) error {
	millions, err := parseScale(scale)
	if err != nil {
		return err
	}
	onlyReadme := len(arguments) > 0 && arguments[0] == "readme"
	if onlyReadme {
		arguments = arguments[1:]
	}
	found := newResults(out)
	for _, file := range arguments {
		if err := found.readFile(file); err != nil {
			return err
		}
	}
	if onlyReadme {
		return updateReadme("README.md", found, millions)
	}
	err = errors.Join(measureAll(ctx, found, millions), printBills(out, found))
	printFigures(out, found, millions)
	return err
}

func updateReadme(name string, found *results, scale float64) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	return os.WriteFile(name, []byte(updateRows(string(text), found, scale)), 0o644)
}

// measureAll measures everything that the Go benchmarks do not measure.
func measureAll(ctx context.Context, found *results, millions float64) error {
	dir, err := os.MkdirTemp("", "device-trace-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil { // PostgreSQL may run as another user
		return err
	}
	return errors.Join(
		found.part("fleet", func() error { return measureFleet(ctx, found, dir, millions) }),
		found.part("days", func() error { return simulateDays(ctx, found, dir, millions) }),
	)
}

// parseScale parses the size of the fleet in millions of devices. An empty string means 1.
func parseScale(text string) (float64, error) {
	if text == "" {
		return 1, nil
	}
	scale, err := strconv.ParseFloat(text, 64)
	if err != nil || scale <= 0 || scale > 10 {
		return 0, fmt.Errorf("SCALE is %q; use a number above 0, at most 10", text)
	}
	return scale, nil
}
