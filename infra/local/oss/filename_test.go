package oss

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFileOf(t *testing.T) {
	for key, want := range map[string]string{
		"events/shard=4/day=2026-11-22/l0000-a.parquet": "events/shard=4/day=2026-11-22/l0000-a.parquet",
		"layout/v1-shards16":                            "layout/v1-shards16.%",
		"a":                                             "a.%",
		"a/b.c":                                         "a/b.c",
		"a.b/c.d":                                       "a%2Eb/c.d",
		"a//b.c":                                        "a/%/b.c",
		"a/":                                            "a/.%",
		"..":                                            "%2E.",
		".":                                             "%2E.%",
		"../..":                                         "%2E%2E/%2E.",
		"A%b":                                           "%41%25b.%",
	} {
		require.Equal(t, filepath.FromSlash(want), fileOf(key), "file of %q", key)
		got, err := keyOf(fileOf(key))
		require.NoError(t, err, "key of the file of %q", key)
		require.Equal(t, key, got)
	}
}

func TestKeyOfRefusesOtherFiles(t *testing.T) {
	for _, path := range []string{"a", "A.b", "a.b/c.d", "%61.b", "a%2.b", "a%ZZ.b", "README.md", ".hidden", "a/.DS_Store"} {
		_, err := keyOf(path)
		require.ErrorIs(t, err, errNotAFileOfOurs, "path %q", path)
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
		got, err := keyOf(path)
		require.NoError(t, err)
		require.Equal(t, key, got)
	})
}
