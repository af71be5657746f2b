package segment

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// The bytes in this file have valid checksums, but no writer of ours writes them.

// A definition level of 2 would count as two values, and shift the values of the later rows.
func TestValuesWiderThanTheirWidth(t *testing.T) {
	for _, width := range []int{1, 7, 9, 31} {
		run := binary.LittleEndian.AppendUint32([]byte{3 << 1}, 1<<width)[:1+(width+7)/8]
		_, err := decodeHybrid(nil, run, width, 3)
		require.ErrorIs(t, err, ErrCorrupt, fmt.Sprint(width))
	}
}
