package proof_test

import (
	"log/slog"
	"os"
	"runtime/debug"
	"testing"
)

// TestMain makes the garbage collector run rarely, because the tests build thousands of
// short-lived worlds.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // otherwise every refused delivery would log a line
	debug.SetGCPercent(1000)
	debug.SetMemoryLimit(512 << 20)
	os.Exit(m.Run())
}
