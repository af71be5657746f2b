package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// childVariable is the name of an environment variable. If it is set to a name in children, the
// test binary runs that function instead of tests.
const childVariable = "BENCH_CHILD"

// children lists the functions that the test binary can run in a separate process. In the same
// process, the memory of the benchmarks would change the cost of garbage collection. arguments are
// the arguments of the process.
var children = map[string]func(arguments []string) error{
	"peak":    printPeak,
	"merge":   printMerge,
	"compact": printCompaction,
	"query":   serveQuery,
}

func TestMain(m *testing.M) {
	name := os.Getenv(childVariable)
	if name == "" {
		os.Exit(m.Run())
	}
	if err := children[name](os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, name+":", err)
		os.Exit(1)
	}
}

// child returns a command that runs a function of children.
func child(b *testing.B, name string, arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(b.Context(), os.Args[0], arguments...)
	cmd.Env = append(os.Environ(), childVariable+"="+name)
	cmd.Stderr = os.Stderr
	return cmd
}

// askChild runs a function of children and decodes the JSON that it prints.
func askChild[T any](b *testing.B, name string, arguments ...string) (answer T) {
	output, err := child(b, name, arguments...).Output()
	require.NoError(b, err)
	require.NoError(b, json.Unmarshal(output, &answer), string(output))
	return answer
}
