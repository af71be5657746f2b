package history_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
)

func TestLastDrop(t *testing.T) {
	for _, c := range []struct {
		name string
		ends []event.Event // of the connections a and b; b began later
		want string        // the channel of the last drop
	}{
		{"none is known", nil, ""},
		{"no drop", []event.Event{disconnect("11:00:00", channel("b"))}, ""},
		{"a DISCONNECT is later", []event.Event{closed("10:00:00", event.NoHeart, channel("a")), disconnect("11:00:00", channel("b"))}, "a"},
		{"the older connection ended later", []event.Event{closed("10:00:00", event.NoHeart, channel("b")), closed("11:00:00", event.NoHeart, channel("a"))}, "a"},
		{"both ended at the same time", []event.Event{closed("10:00:00", event.NoHeart, channel("a")), closed("10:00:00", event.NoHeart, channel("b"))}, "b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			begun := []event.Event{connect("08:00:00", channel("a")), connect("09:00:00", channel("b"))}
			last := history.LastDrop(ofDay(append(begun, c.ends...)).Connections)
			if c.want == "" {
				require.Nil(t, last)
				return
			}
			require.Equal(t, c.want, last.ChannelID)
		})
	}
}
