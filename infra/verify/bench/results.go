package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// metric names a measurement. benchmark is the benchmark's name without the prefix
// "Benchmark" and without the suffix for the number of processors.
type metric struct{ benchmark, unit string }

// results holds the measurements made so far.
type results struct {
	values map[metric]float64
	out    io.Writer
}

func newResults(out io.Writer) *results {
	return &results{values: map[metric]float64{}, out: out}
}

// add stores a measurement and prints it in the format of Go benchmarks.
func (r *results) add(benchmark string, value float64, unit string) {
	r.values[metric{benchmark, unit}] = value
	fmt.Fprintf(r.out, "Benchmark%s 1 %s %s\n", benchmark, short(value), unit)
}

// part runs a part of the measurements and adds its duration to the results.
func (r *results) part(name string, measure func() error) error {
	began := time.Now()
	err := measure()
	r.add("Part/"+name, time.Since(began).Seconds(), "s")
	return err
}

// readFile adds the measurements in a file that contains the output of `go test -bench`.
func (r *results) readFile(name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	return r.read(file)
}

// benchmarkLine matches a line of benchmark output. The first group is the benchmark's name
// without the number of processors. The second group holds the measurements that follow the
// number of iterations.
var benchmarkLine = regexp.MustCompile(`^Benchmark(\S+?)(?:-\d+)?\s+\d+\s+(.*)$`)

func (r *results) read(text io.Reader) error {
	lines := bufio.NewScanner(text)
	for lines.Scan() {
		match := benchmarkLine.FindStringSubmatch(lines.Text())
		if match == nil {
			continue
		}
		fields := strings.Fields(match[2])
		for i := 0; i+1 < len(fields); i += 2 {
			value, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				return fmt.Errorf("read benchmark %q: %w", match[1], err)
			}
			r.values[metric{match[1], fields[i+1]}] = value
		}
	}
	return lines.Err()
}

// short formats a number with three significant digits, or as an integer if its integer part has
// more than three digits.
func short(v float64) string {
	if v >= 100 || v <= -100 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
