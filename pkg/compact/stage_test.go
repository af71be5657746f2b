package compact_test

import (
	"bufio"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/compact"
	"devicetrace/pkg/objstore"
)

// stagedFiles returns the names of the staged files in a directory.
func stagedFiles(t *testing.T, dir string) []string {
	files, err := filepath.Glob(filepath.Join(dir, "*compact-*.parquet"))
	require.NoError(t, err)
	return files
}

// A killed process must leave no staged file, because nothing would remove the file until the next
// call to Run.
func TestAKilledProcessLeavesNoFile(t *testing.T) {
	store, dir := newFolder(t), t.TempDir()
	putRuns(t, store, where, 2)
	cmd := helper(t, store, dir, hangVariable+"=1")
	output, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(output).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "staged\n", line)
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
	require.Empty(t, stagedFiles(t, dir))
}

// Run must remove the staged files of killed processes, and nothing else.
func TestARunRemovesOrphans(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"device-trace-compact-1234.parquet", "device-trace-compact-1234.txt", "a-compact-folder-of-mine.parquet"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600))
	}
	_, err := compactor(t, bucket(t), compact.Config{Dir: dir}).Run(t.Context(), compact.Share{})
	require.NoError(t, err)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 2)
	require.NoFileExists(t, filepath.Join(dir, "device-trace-compact-1234.parquet"))
}

// A compactor must put its whole output even if another one with the same staging directory starts
// during the put.
func TestCompactorsShareADirectory(t *testing.T) {
	store, dir := bucket(t), t.TempDir()
	want := scatter(t, store, 3, 20)
	other := compactor(t, bucket(t), compact.Config{Dir: dir})
	report, err := compactor(t, failing(store, objstore.Fault{}, func(c objstore.Call) bool {
		if c.Op == objstore.OpPut {
			_, err := other.Run(t.Context(), compact.Share{})
			require.NoError(t, err)
		}
		return false
	}), compact.Config{Dir: dir}).Run(t.Context(), compact.Share{})
	require.NoError(t, err)
	require.Equal(t, 1, report.Merges)
	require.Equal(t, want, union(t, store, where))
	require.Len(t, keys(t, store, where), 1)
}
