package event_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

func TestValidInstanceIDs(t *testing.T) {
	for _, id := range []event.InstanceID{"a", "z", "A", "Z", "0", "9", "_", "-", ".", "prod-1.eu_west", event.InstanceID(strings.Repeat("x", 128))} {
		require.True(t, id.Valid(), id)
	}
	for _, id := range []event.InstanceID{"", "a:b", "a/b", "a=b", "a b", "a%", "é", "a\x00", "a\n", "@", "[", "`", "{", "/", ":", "\xff", event.InstanceID(strings.Repeat("x", 129))} {
		require.False(t, id.Valid(), id)
	}
}
