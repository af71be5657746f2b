package proof_test

import (
	"log/slog"
	"os"
	"runtime/debug"
	"testing"
)

// Thousands of short-lived worlds make garbage, so collect it rarely.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // a refused delivery is a line in the log
	debug.SetGCPercent(1000)
	debug.SetMemoryLimit(512 << 20)
	os.Exit(m.Run())
}
