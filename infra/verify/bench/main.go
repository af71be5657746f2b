// Bench measures what a device-history query costs, and everything around it, on this
// machine: `make bench`. It prints a table of what was measured beside the figures to
// beat, and writes the same as JSON.
//
// How it is measured:
//
//   - Data is infra/local/sim's: a UTC day of a whole fleet, SCALE million devices with ten
//     events each. Single partitions (35,000 rows, ten times that, 600,000) do not
//     depend on SCALE from 0.01 on: see partitionEvents.
//   - The real recorder writes and the real compactor merges. Only the pace is not
//     real: the recorder is given full runs of events in the order of their arrival,
//     by several writers in turn, instead of webhooks all day long. The simulated
//     day (section steady) is paced by a clock of its own.
//   - CPU is that of the whole process, user and system, its garbage collector
//     included: rows/s per core means rows per second of CPU. So a busy machine
//     changes times, not CPU.
//   - Requests and bytes are counted by a store wrapper, round trips by one that lets
//     all requests wait until no more come, and then answers them together: see gate.
//   - Peers get the same rows in the order of their arrival and answer the same
//     questions: all rows of a device on that day. Every answer is compared with ours.
//
// Flags and environment: SCALE; -only names the sections to run, with commas between.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
)

func main() {
	if len(os.Args) > 2 && os.Args[1] == childArgument {
		exitOn(child(context.Background(), os.Args[2:]))
		return
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	exitOn(run(ctx))
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	root := flag.String("root", "../../..", "the project's folder")
	only := flag.String("only", "", "sections to run, with commas between: "+strings.Join(sectionNames(), ", "))
	out := flag.String("json", "", "where the JSON goes; default .build/bench.json in the project's folder")
	flag.Parse()
	scale, err := scaleOf(os.Getenv("SCALE"))
	if err != nil {
		return err
	}
	chosen, err := choose(*only)
	if err != nil {
		return err
	}
	b, err := newBench(*root, scale, os.Stderr)
	if err != nil {
		return err
	}
	defer b.close()
	failed := b.runAll(ctx, chosen)
	report := b.report(ctx)
	report.print(os.Stdout)
	if err := report.write(*root, *out); err != nil {
		return err
	}
	return failed
}

// scaleOf is how many million devices there are.
func scaleOf(text string) (float64, error) {
	if text == "" {
		return 1, nil
	}
	scale, err := strconv.ParseFloat(text, 64)
	if err != nil || scale <= 0 || scale > 100 {
		return 0, fmt.Errorf("SCALE is %q, want a number above 0, up to 100", text)
	}
	return scale, nil
}
