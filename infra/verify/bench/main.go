// Bench measures what Go benchmarks cannot measure:
//
//   - a whole fleet's day
//   - the same queries on the same rows in other engines
//   - days on a simulated clock
//
// If bench is given a file with the output of this package's Go benchmarks, it also reads these
// results. At the end, it prints each target next to the measured value, and the monthly price for
// fleets of several sizes. `make bench` runs the benchmarks and then this command. README.md
// describes the method and lists the figures.
//
// Usage:
//
//	SCALE=1 bench [file with the output of go test -bench]
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
	found := newResults(out)
	for _, file := range arguments {
		if err := found.readFile(file); err != nil {
			return err
		}
	}
	dir, err := os.MkdirTemp("", "device-trace-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil { // PostgreSQL may run as another user
		return err
	}
	err = errors.Join(
		measureFleet(ctx, found, dir, millions),
		simulateDays(ctx, found, dir, millions),
	)
	printTargets(out, found, millions)
	return errors.Join(err, printPrices(out, found))
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
