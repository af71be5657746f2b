package webhook

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
)

func TestRejectionStaysShort(t *testing.T) {
	var got outcome
	for i := range 1000 {
		got.rejected = append(got.rejected, broker.Rejected{Item: i, Field: "clientid", Error: strings.Repeat("x", 100), Items: 1})
	}
	got.rejected[999].Items = 99_001
	response := newRejection(got)
	require.Equal(t, 100_000, len(response.Rejected)+response.More)
	data, err := json.Marshal(response)
	require.NoError(t, err)
	require.Less(t, len(data), 16<<10)
	require.Greater(t, len(data), 8<<10)
}
