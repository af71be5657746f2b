package oss

import (
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
		"a.b/c.d":                "%/612e622f632e64.%",
		"a//b.c":                 "%/612f2f622e63.%",
		"a/":                     "%/612f.%",
		"..":                     "%/2e2e.%",
		".":                      "%/2e.%",
		"../..":                  "%/2e2e2f2e2e.%",
		"A%b":                    "%/412562.%",
		strings.Repeat("X", 150): "%/" + strings.Repeat("58", 100) + "/" + strings.Repeat("58", 50) + ".%",
	} {
		require.Equal(t, filepath.FromSlash(want), fileOf(key), "file of %q", key)
		got, ok := keyOf(fileOf(key))
		require.True(t, ok, "key of the file of %q", key)
		require.Equal(t, key, got)
	}
}

func TestKeyOfRefusesOtherFiles(t *testing.T) {
	for _, path := range []string{"a", "A.b", "a.b/c.d", "%/61.%", "%/2e2E.%", "%/2e2.%", "%/ZZ.%", "%/2e/2e.%", "README.md", ".hidden", "a/.DS_Store"} {
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
