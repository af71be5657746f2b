package objstore_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/objstore"
)

func TestCheckKey(t *testing.T) {
	for _, valid := range []string{"a", "a/b", "..", "a//b", "é", "~", " ", "\u00a0", strings.Repeat("k", objstore.MaxKeyBytes)} {
		require.NoError(t, objstore.CheckKey(valid), "%q", valid)
	}
	for key, want := range map[string]string{
		"": "it is empty", strings.Repeat("k", objstore.MaxKeyBytes+1): "it has 1024 bytes, the limit is 1023", "a\xff": "it is not UTF-8",
		"/a": "it starts with a slash or backslash", `\a`: "it starts with a slash or backslash", "a\nb": "a character that XML cannot carry",
		"\x1f": "a character that XML", "a\x7f": "a character that XML", "a\ufffe": "a character that XML", "a\uffff": "a character that XML",
	} {
		err := objstore.CheckKey(key)
		require.ErrorContains(t, err, want, "%q", key)
		require.True(t, objstore.IsPermanent(err), "%q", key)
	}
}

func TestCheckKeys(t *testing.T) {
	full := slices.Repeat([]string{"k"}, objstore.MaxPage)
	require.NoError(t, objstore.CheckKeys(nil))
	require.NoError(t, objstore.CheckKeys(full))
	for want, keys := range map[string][]string{
		"there are 1001, the limit is 1000": append(full, "k"),
		"it is empty":                       {"a", "", "b"},
	} {
		err := objstore.CheckKeys(keys)
		require.ErrorContains(t, err, want)
		require.True(t, objstore.IsPermanent(err))
	}
}

func TestCheckRange(t *testing.T) {
	for _, valid := range [][2]int64{{0, 0}, {0, 1}, {1, 0}, {math.MaxInt64 - 1, 1}, {0, math.MaxInt64}, {math.MaxInt64, 0}} {
		require.NoError(t, objstore.CheckRange(valid[0], valid[1]), valid)
	}
	for _, invalid := range [][2]int64{{-1, 1}, {0, -1}, {-1, -1}, {math.MaxInt64, 1}, {1, math.MaxInt64}} {
		err := objstore.CheckRange(invalid[0], invalid[1])
		require.ErrorContains(t, err, "it lies outside every possible object", invalid)
		require.True(t, objstore.IsPermanent(err))
	}
}
