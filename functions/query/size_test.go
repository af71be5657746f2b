package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// maxBinary is the maximum size of the function's binary in bytes. It is limited because a cold start
// downloads and loads the whole binary.
const maxBinary = 25_000_000

// TestBinaryIsSmall builds the binary with the command in s.yaml and checks its size.
func TestBinaryIsSmall(t *testing.T) {
	const command = "env CGO_ENABLED=0 GOOS=linux GOARCH=amd64 go build -trimpath -ldflags=-s -o .build/query/query ./functions/query"
	const root = "../.."
	deployment, err := os.ReadFile(filepath.Join(root, "s.yaml"))
	require.NoError(t, err)
	require.Contains(t, string(deployment), "- run: "+command+"\n", "build as s.yaml does")

	binary := filepath.Join(t.TempDir(), "query")
	words := strings.Fields(strings.ReplaceAll(command, ".build/query/query", binary))
	build := exec.CommandContext(t.Context(), words[0], words[1:]...)
	build.Dir = root
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	info, err := os.Stat(binary)
	require.NoError(t, err)
	t.Logf("%d bytes", info.Size())
	require.LessOrEqual(t, info.Size(), int64(maxBinary))
}
