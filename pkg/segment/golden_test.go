package segment_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/segment"
)

// goldenRows returns the rows of each file testdata/v*.parquet. There is one such file per
// schema version, with row groups of 16 rows. Only some rows have connected_at, a channel and
// an event identifier.
func goldenRows() []segment.Row {
	events := fleet(8, 5)
	for i := range events {
		if i%3 == 0 {
			events[i].ConnectedAt = events[i].ConnectedAt.AddDate(0, 0, -40)
			events[i].ChannelID, events[i].SourceEventID = "channel", "id"
		}
		if i%7 == 0 {
			events[i] = event.Event{InstanceID: "i", ClientID: events[i].ClientID, Time: events[i].Time, ReceivedAt: events[i].Time}
		}
	}
	return segment.FromEvents(events)
}

// Readers must always be able to read the files of every schema version.
func TestEveryVersionStaysReadable(t *testing.T) {
	for _, name := range []string{"testdata/v2.parquet"} {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		store := &objects{data: map[string][]byte{name: data}}
		got, err := readAll(t, open(t, store, name, int64(len(data))))
		require.NoError(t, err, name)
		require.Equal(t, goldenRows(), got, name)
	}
}
