package segment

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

// If the Parquet library panics while it parses an object, the object must be reported as corrupt.
func TestGuardTurnsAPanicIntoAnError(t *testing.T) {
	err := func() (err error) {
		defer guard(&err)
		panic("index out of range")
	}()
	require.ErrorIs(t, err, ErrCorrupt)
}

func TestAWindowReadsOnlyItsRange(t *testing.T) {
	w := window{offset: 10, data: []byte("abc")}
	p := make([]byte, 2)
	for off, want := range map[int64]struct {
		text string
		err  error
	}{9: {"", ErrCorrupt}, 10: {"ab", nil}, 11: {"bc", nil}, 12: {"c", io.EOF}, 13: {"", io.EOF}, 14: {"", ErrCorrupt}} {
		n, err := w.ReadAt(p, off)
		require.ErrorIs(t, err, want.err, "at %d", off)
		require.Equal(t, want.text, string(p[:n]), "at %d", off)
	}
}
