package proof_test

import (
	"os"
	"runtime/debug"
	"testing"
)

// Thousands of short worlds make garbage and keep nothing.
func TestMain(m *testing.M) {
	debug.SetGCPercent(1000)
	debug.SetMemoryLimit(512 << 20)
	os.Exit(m.Run())
}
