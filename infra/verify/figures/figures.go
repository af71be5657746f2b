// Package figures counts what the tests do when they attack the guarantees. For example, it
// counts the faults injected, schedules run, kills survived and events checked. `make test` and
// `make soak` print the totals at the end.
package figures

import (
	"fmt"
	"os"
	"testing"
)

// Add adds n to a figure, such as "faults injected". It appends one line to the file named by the
// environment variable FIGURES. If the variable is not set, Add does nothing. Several processes
// may call Add at the same time, because each line is one write.
func Add(t testing.TB, name string, n int) {
	t.Helper()
	path := os.Getenv("FIGURES")
	if path == "" {
		return
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatalf("open figures: %v", err)
	}
	defer file.Close()
	if _, err := fmt.Fprintf(file, "%d\t%s\n", n, name); err != nil {
		t.Fatalf("write figures: %v", err)
	}
}
