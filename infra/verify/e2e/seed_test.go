package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/oss"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/segment"
)

// newSeededStack returns a stack that has not been started. env holds additional environment
// variables. The bucket has a layout with the given number of shards, but no segments; use seed to
// add them.
func newSeededStack(t *testing.T, shards int, env ...string) *stack {
	t.Helper()
	s := &stack{data: t.TempDir(), env: append(env, fmt.Sprintf("SHARDS=%d", shards))}
	bucket, err := oss.OpenStore(filepath.Join(s.data, "oss"))
	require.NoError(t, err)
	marker := layout.Layout{Shards: shards}.Marker()
	require.NoError(t, bucket.Put(t.Context(), marker, bytes.NewReader(nil), 0))
	return s
}

// seed adds an encoded segment to the bucket of a stack that is not running. The segment is the
// only object of run number run in partition p. seed writes the file itself, because a put into the
// OSS stand-in takes longer: the stand-in syncs each file.
func (s *stack) seed(t *testing.T, p layout.Partition, run int, data []byte) {
	t.Helper()
	name := layout.Name{Run: fmt.Sprintf("%032x", run), Seq: 1}
	path := filepath.Join(s.data, "oss", "objects", filepath.FromSlash(name.Key(p)))
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, data, 0o644))
}

// encoded sorts the rows, removes duplicates, and encodes the rows as a segment.
func encoded(t *testing.T, rows []segment.Row) []byte {
	t.Helper()
	data, err := segment.Encode(segment.Distinct(rows))
	require.NoError(t, err)
	return data
}
