package segment

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A panic of the library while it parses an object must become an error of the object.
func TestGuardTurnsAPanicIntoAnError(t *testing.T) {
	err := func() (err error) {
		defer guard(&err)
		panic("index out of range")
	}()
	require.ErrorIs(t, err, ErrCorrupt)
}
