package query

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSumsOfReceiptsHaveNoFloatTail(t *testing.T) {
	require.Equal(t, 0.3, Receipt{MS: 0.1}.Plus(Receipt{MS: 0.2}).MS)
}
