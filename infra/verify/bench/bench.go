package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// bench is one run: its settings, what it found, and what sections share.
type bench struct {
	scale   float64
	root    string // the project
	dir     string // for everything that is written
	started time.Time
	log     io.Writer

	section string // that runs now
	rows    []row
	costs   costs // what the priced sheet is made of

	spilled   *spill
	days      map[int]*day // by number of shards
	functions *functions
	atEvening *evening
}

func newBench(root string, scale float64, log io.Writer) (*bench, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "device-trace-bench-")
	if err != nil {
		return nil, err
	}
	// Peers run as another user below it.
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, err
	}
	return &bench{scale: scale, root: root, dir: dir, started: time.Now(), log: log, days: map[int]*day{}}, nil
}

func (b *bench) close() { _ = os.RemoveAll(b.dir) }

// say is a line of progress.
func (b *bench) say(format string, values ...any) {
	fmt.Fprintf(b.log, "%7.1fs  %-10s %s\n", time.Since(b.started).Seconds(), b.section, fmt.Sprintf(format, values...))
}

// folder is a new, empty one.
func (b *bench) folder(name string) (string, error) {
	return os.MkdirTemp(b.dir, name+"-")
}

// section is a part of the benchmark that can run alone.
type section struct {
	name string
	run  func(*bench, context.Context) error
}

// sections run in this order: later ones may use what earlier ones found, and those that
// count CPU come first, while there is little in memory for the garbage collector.
var sections = []section{
	{"recorder", (*bench).recorder},
	{"compaction", (*bench).compaction},
	{"grow", (*bench).grow},
	{"start", (*bench).start},
	{"storage", (*bench).storage},
	{"query", (*bench).query},
	{"steady", (*bench).steady},
	{"peers", (*bench).peers},
	{"latency", (*bench).latency},
	{"price", (*bench).price},
}

func sectionNames() (names []string) {
	for _, s := range sections {
		names = append(names, s.name)
	}
	return names
}

// choose is the sections that a list names; all for an empty one.
func choose(only string) ([]section, error) {
	if only == "" {
		return sections, nil
	}
	var chosen []section
	for name := range strings.SplitSeq(only, ",") {
		at := slices.IndexFunc(sections, func(s section) bool { return s.name == name })
		if at < 0 {
			return nil, fmt.Errorf("there is no section %q, only %s", name, strings.Join(sectionNames(), ", "))
		}
		chosen = append(chosen, sections[at])
	}
	return chosen, nil
}

// runAll runs sections. One that fails does not keep the others from running.
func (b *bench) runAll(ctx context.Context, chosen []section) error {
	var failed []error
	for _, s := range chosen {
		b.section = s.name
		b.say("begins")
		if err := s.run(b, ctx); err != nil {
			b.say("failed: %v", err)
			failed = append(failed, fmt.Errorf("section %s: %w", s.name, err))
		}
	}
	return errors.Join(failed...)
}
