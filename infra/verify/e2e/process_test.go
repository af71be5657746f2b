package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// process describes a process as /proc shows it. The start time distinguishes the process from a
// later one with the same id.
type process struct {
	pid     int
	parent  int
	name    string
	started string
	state   string
}

// needsProc skips a test on systems without /proc.
func needsProc(t *testing.T) {
	t.Helper()
	if _, err := readProcess("self"); err != nil {
		t.Skip("this system has no /proc, so the test cannot find child processes")
	}
}

// children returns the living children of a process.
func children(parent int) (found []process) {
	paths, _ := filepath.Glob("/proc/[0-9]*")
	for _, path := range paths {
		p, err := readProcess(filepath.Base(path))
		if err == nil && p.parent == parent && p.state != "Z" {
			found = append(found, p)
		}
	}
	return found
}

// functionProcesses returns the living children of a process that run the named function.
func functionProcesses(parent int, name string) (found []process) {
	for _, p := range children(parent) {
		if p.name == name {
			found = append(found, p)
		}
	}
	return found
}

// alive reports whether the process is still running.
func (p process) alive() bool {
	now, err := readProcess(strconv.Itoa(p.pid))
	return err == nil && now.started == p.started && now.state != "Z"
}

// kill kills the process and reports whether it was still running.
func (p process) kill() bool {
	return p.alive() && syscall.Kill(p.pid, syscall.SIGKILL) == nil
}

var highWater = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// peak returns the process's peak memory in bytes.
func (p process) peak(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.pid), "status"))
	require.NoError(t, err)
	match := highWater.FindSubmatch(status)
	require.NotNil(t, match)
	kilobytes, err := strconv.Atoi(string(match[1]))
	require.NoError(t, err)
	return kilobytes << 10
}

// readProcess reads /proc/<pid>/stat. The file holds the id, the name in parentheses, the state,
// the parent's id and, as the 22nd field, the start time.
func readProcess(pid string) (process, error) {
	stat, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
	if err != nil {
		return process{}, err
	}
	text := string(stat)
	open, end := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
	if open < 0 || end < open {
		return process{}, os.ErrInvalid
	}
	rest := strings.Fields(text[end+1:])
	if len(rest) < 20 {
		return process{}, os.ErrInvalid
	}
	number, _ := strconv.Atoi(strings.TrimSpace(text[:open]))
	parent, _ := strconv.Atoi(rest[1])
	return process{pid: number, parent: parent, name: text[open+1 : end], state: rest[0], started: rest[19]}, nil
}
