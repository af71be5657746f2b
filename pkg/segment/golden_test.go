package segment_test

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/segment"
)

var update = flag.Bool("update", false, "write the current stored segment anew")

// goldenRows returns the rows that the stored segment must contain. Only some of them have
// connected_at, a channel and an event identifier.
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

// The stored segments must stay readable as long as SchemaVersion is the same. The first one was
// written before segments had an index. For a new SchemaVersion, write a new segment:
//
//	go test ./pkg/segment -run Golden -update
func TestGoldenSegmentsStayReadable(t *testing.T) {
	current := fmt.Sprintf("testdata/v%d-index.parquet", segment.SchemaVersion)
	if *update {
		data, _ := write(t, goldenRows(), 16)
		require.NoError(t, os.WriteFile(current, data, 0o644))
	}
	for _, name := range []string{fmt.Sprintf("testdata/v%d.parquet", segment.SchemaVersion), current} {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		store := &objects{data: map[string][]byte{name: data}}
		got, err := readAll(t, open(t, store, name, int64(len(data))))
		require.NoError(t, err)
		require.Equal(t, goldenRows(), got, name)
	}
}
