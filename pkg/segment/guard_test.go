package segment

import (
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
