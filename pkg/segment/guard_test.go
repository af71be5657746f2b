package segment

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestGuard: what the library does not expect of an object is an error of the object.
func TestGuard(t *testing.T) {
	err := func() (err error) {
		defer guard(&err)
		panic("index out of range")
	}()
	require.ErrorIs(t, err, ErrCorrupt)
}
