package broker

import (
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

// The project's own event format must have a key for every column, except for the columns that
// the recorder sets itself. The page that documents the format must contain all of these keys.
func TestOwnFormHasEveryColumn(t *testing.T) {
	for _, key := range ownKeys {
		require.NotNil(t, new(own).slot([]byte(key)), key)
	}
	page, err := os.ReadFile("../../infra/operate/brokers/events.md")
	require.NoError(t, err)
	for _, c := range event.Columns() {
		if slices.Contains([]string{"instance_id", "received_at", "time_origin"}, c.Name) {
			continue
		}
		require.NotNil(t, new(own).slot([]byte(c.Name)), c.Name)
		require.Contains(t, ownKeys, c.Name)
		require.Contains(t, string(page), "`"+c.Name+"`", "the page of the form")
	}
}
