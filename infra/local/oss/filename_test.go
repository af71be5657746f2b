package oss

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFileOf(t *testing.T) {
	for key, want := range map[string]string{
		"events/instance=prod/shard=4/day=2026-11-22/l0000-a.parquet": "events/instance=prod/shard=4/day=2026-11-22/l0000-a.parquet",
		"layout/v3-shards16":     "layout/v3-shards16.%",
		"a":                      "a.%",
		"a/b.c":                  "a/b.c",
		"a.b/c.d":                "a%2eb/c.d",
		"instance=Prod.cn/x.y":   "instance=%50rod%2ecn/x.y",
		"a//b.c":                 "%/612f2f622e63.%",
		"a/":                     "%/612f.%",
		"..":                     "%2e.",
		".":                      "%2e.%",
		"../..":                  "%2e%2e/%2e.",
		"A%b":                    "%41%25b.%",
		"a/%":                    "a/%25.%",
		"ä":                      "%c3%a4.%",
		strings.Repeat("X", 150): "%/" + strings.Repeat("58", 100) + "/" + strings.Repeat("58", 50) + ".%",
	} {
		require.Equal(t, filepath.FromSlash(want), fileOf(key), "file of %q", key)
		got, ok := keyOf(fileOf(key))
		require.True(t, ok, "key of the file of %q", key)
		require.Equal(t, key, got)
	}
}

func TestKeyOfRefusesOtherFiles(t *testing.T) {
	for _, path := range []string{"a", "A.b", "a.b/c.d", "%/61.%", "%/2f2F.%", "%/2f2.%", "%/ZZ.%", "%2E.%", "%61.%", "%2e%2e.%", "%zz.%", "%", "%/2e/2e.%", "README.md", ".hidden", "a/.DS_Store"} {
		_, ok := keyOf(path)
		require.False(t, ok, "path %q", path)
	}
}

func FuzzFileOf(f *testing.F) {
	for _, key := range []string{"a/b.c", "..", "a//b", strings.Repeat("ä", 511), strings.Repeat("x", 1023), strings.Repeat(".", 300)} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		if len(key) == 0 || len(key) > 1023 {
			return
		}
		path := fileOf(key)
		for name := range strings.SplitSeq(filepath.ToSlash(path), "/") {
			require.LessOrEqual(t, len(name), 255)
			require.NotContains(t, []string{"", ".", ".."}, name)
		}
		got, ok := keyOf(path)
		require.True(t, ok)
		require.Equal(t, key, got)
	})
}

// Earlier versions wrote all keys with capitals or dots in hexadecimal. A folder of such a version
// must keep its objects.
func TestFilesInHexMove(t *testing.T) {
	dir, key := t.TempDir(), "events/instance=Prod.cn/shard=4/day=2026-11-22/l0000-a.parquet"
	old := filepath.Join(dir, "objects", hexFileOf(key))
	require.NoError(t, os.MkdirAll(filepath.Dir(old), 0o755))
	require.NoError(t, os.WriteFile(old, []byte("rows"), 0o644))
	for range 2 {
		d, err := openDisk(dir)
		require.NoError(t, err)
		_, file, err := d.open(key)
		require.NoError(t, err)
		content, err := io.ReadAll(file)
		require.NoError(t, errors.Join(err, file.Close()))
		require.Equal(t, "rows", string(content))
		require.NoFileExists(t, old)
		require.FileExists(t, filepath.Join(dir, "objects", "events", "instance=%50rod%2ecn", "shard=4", "day=2026-11-22", "l0000-a.parquet"))
	}
}
