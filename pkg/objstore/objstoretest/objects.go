package objstoretest

import (
	"bytes"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/objstore"
)

func ranges(t *testing.T, store objstore.Store) {
	const text = "0123456789"
	const size = int64(len(text))
	put(t, store, "k", text)

	for _, test := range []struct {
		name   string
		off, n int64
		want   string
		err    error
	}{
		{"all", 0, size, text, nil},
		{"first byte", 0, 1, "0", nil},
		{"last byte", size - 1, 1, "9", nil},
		{"all but the first", 1, size - 1, text[1:], nil},
		{"all but the last", 0, size - 1, text[:size-1], nil},
		{"middle", 3, 4, "3456", nil},
		{"one too long", 0, size + 1, "", objstore.ErrRange},
		{"last byte and one more", size - 1, 2, "", objstore.ErrRange},
		{"at the end", size, 1, "", objstore.ErrRange},
		{"past the end", size + 1, 1, "", objstore.ErrRange},
		{"far past the end", 1 << 40, 1 << 40, "", objstore.ErrRange},
		{"nothing", 0, 0, "", nil},
		{"nothing at the end", size, 0, "", nil},
		{"nothing past the end", size + 1, 0, "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := store.Read(t.Context(), "k", test.off, test.n)
			require.ErrorIs(t, err, test.err)
			require.Equal(t, test.want, string(got))
		})
	}
}

func emptyObject(t *testing.T, store objstore.Store) {
	put(t, store, "empty", "")
	requireObject(t, store, "empty", "")
	page, err := store.List(t.Context(), "", "")
	require.NoError(t, err)
	require.Len(t, page.Objects, 1)
	require.Zero(t, page.Objects[0].Size)
}

func absentObject(t *testing.T, store objstore.Store) {
	put(t, store, "k1", "v")
	for _, key := range []string{"k", "k2", "k1/", "K1"} {
		_, err := store.Read(t.Context(), key, 0, 1)
		require.ErrorIs(t, err, fs.ErrNotExist, "key %q", key)
		_, err = store.Read(t.Context(), key, 1<<40, 1)
		require.ErrorIs(t, err, fs.ErrNotExist, "key %q", key)
	}
}

func impossibleRanges(t *testing.T, store objstore.Store) {
	put(t, store, "k", "v")
	for _, r := range [][2]int64{{-1, 1}, {0, -1}, {-1, 0}, {1, math.MaxInt64}, {math.MaxInt64, 1}} {
		_, err := store.Read(t.Context(), "k", r[0], r[1])
		require.Error(t, err, "range %v", r)
		require.NotErrorIs(t, err, fs.ErrNotExist, "range %v", r)
	}
}

// longKey returns a key of n bytes that consists almost entirely of non-ASCII characters.
func longKey(n int) string { return strings.Repeat("ä", n/2) + strings.Repeat("x", n%2) }

func oddKeyList() []string {
	return []string{
		"..", ".", "a/../b", "a/./b", "a//b", "a/", "a/b/", "a", "A", "a/b", "a.b", "a.b/c",
		"+", "a+b", "a b", " a", "a ", "%", "%2F", "%2e%2e", "a=b/c=d", "?", "a?b=c", "#", "a#b", "&<>\"'", "a;b",
		"~", "*", "a\\b", "schlüssel", "设备", "🛰", "é", "e\u0301", "key\u00a0key", "]]>", "{}|^`",
		strings.Repeat("n", 255), strings.Repeat("n", 256), strings.Repeat("d/", 150), longKey(900),
	}
}

func oddKeys(t *testing.T, store objstore.Store) {
	odd := oddKeyList()
	for _, key := range odd {
		put(t, store, key, "value of "+key)
	}
	require.ElementsMatch(t, odd, keys(t, store, "", ""))
	for _, key := range odd {
		requireObject(t, store, key, "value of "+key)
		require.Contains(t, keys(t, store, key, ""), key)
	}
	require.NoError(t, store.Delete(t.Context(), odd[1:]...))
	require.Equal(t, odd[:1], keys(t, store, "", ""))
}

func refusedKeys(t *testing.T, store objstore.Store) {
	for _, key := range []string{"a\x00b", "a\nb", "a\x7fb", "a\xff", longKey(1024)} {
		err := store.Put(t.Context(), key, strings.NewReader("v"), 1)
		require.True(t, objstore.IsPermanent(err), "put %q: %v", key, err)
		_, err = store.Read(t.Context(), key, 0, 1)
		require.True(t, objstore.IsPermanent(err), "read %q: %v", key, err)
		err = store.Delete(t.Context(), key)
		require.True(t, objstore.IsPermanent(err), "delete %q: %v", key, err)
	}
	require.Empty(t, keys(t, store, "", ""))
}

func largeObject(t *testing.T, store objstore.Store) {
	const size = 3<<20 + 7
	b := randomBytes(t, size)
	require.NoError(t, store.Put(t.Context(), "large", bytes.NewReader(b), size))
	for _, r := range [][2]int64{{0, size}, {1, size - 1}, {size - 8, 8}, {1 << 20, 1 << 20}} {
		got, err := store.Read(t.Context(), "large", r[0], r[1])
		require.NoError(t, err)
		require.True(t, bytes.Equal(b[r[0]:r[0]+r[1]], got), "range %v differs", r)
	}
}

func randomBytes(t *testing.T, n int) []byte {
	seed := [32]byte{0: byte(rand.Uint32())}
	t.Logf("seed %d", seed[0])
	b := make([]byte, n)
	_, err := rand.NewChaCha8(seed).Read(b)
	require.NoError(t, err)
	return b
}

func repeatedPut(t *testing.T, store objstore.Store) {
	for range 3 {
		put(t, store, "k", "same")
		requireObject(t, store, "k", "same")
	}
	require.Equal(t, []string{"k"}, keys(t, store, "", ""))
}

// A put must replace an older object even if the sizes differ, although neither the recorder nor
// the compactor relies on this.
func putOfAnotherSize(t *testing.T, store objstore.Store) {
	for _, text := range []string{"short", "very much longer", "", "x"} {
		put(t, store, "k", text)
		requireObject(t, store, "k", text)
	}
}

func shortBody(t *testing.T, store objstore.Store) {
	err := store.Put(t.Context(), "k", strings.NewReader("four"), 5)
	require.Error(t, err)
	require.NotErrorIs(t, err, fs.ErrNotExist)
	require.Empty(t, keys(t, store, "", ""))

	// A put must not store any bytes of the body beyond the given size.
	require.NoError(t, store.Put(t.Context(), "k", strings.NewReader("four"), 3))
	requireObject(t, store, "k", "fou")
}

func bytesNotAliased(t *testing.T, store objstore.Store) {
	body := []byte("body")
	require.NoError(t, store.Put(t.Context(), "k", bytes.NewReader(body), 4))
	copy(body, "XXXX")

	first, err := store.Read(t.Context(), "k", 0, 4)
	require.NoError(t, err)
	require.Equal(t, "body", string(first))
	copy(first, "YYYY")
	requireObject(t, store, "k", "body")

	page, err := store.List(t.Context(), "", "")
	require.NoError(t, err)
	page.Objects[0].Key = "other"
	require.Equal(t, []string{"k"}, keys(t, store, "", ""))
}

// brokenBody is a body that calls atHalf before it supplies the second half of its text. If
// atHalf returns an error, reading the second half fails with this error.
type brokenBody struct {
	text   string
	atHalf func() error
}

func (b brokenBody) ReadAt(p []byte, off int64) (int, error) {
	half := int64(len(b.text) / 2)
	if off >= half {
		if err := b.atHalf(); err != nil {
			return 0, err
		}
		return strings.NewReader(b.text).ReadAt(p, off)
	}
	return strings.NewReader(b.text).ReadAt(p[:min(int64(len(p)), half-off)], off)
}

var _ io.ReaderAt = brokenBody{}

func nothingHalfWritten(t *testing.T, store objstore.Store) {
	seen := func() error {
		_, err := store.Read(t.Context(), "k", 0, 1)
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.Empty(t, keys(t, store, "", ""))
		return io.ErrNoProgress
	}
	text := strings.Repeat("half", 100_000)
	err := store.Put(t.Context(), "k", brokenBody{text, seen}, int64(len(text)))
	require.Error(t, err)
	require.Empty(t, keys(t, store, "", ""))

	put(t, store, "k", text)
	err = store.Put(t.Context(), "k", brokenBody{text, func() error { return io.ErrNoProgress }}, int64(len(text)))
	require.Error(t, err)
	requireObject(t, store, "k", text)
}
