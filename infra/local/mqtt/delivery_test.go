package mqtt

import (
	"log/slog"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAFullQueueDropsAndCounts: nobody empties this queue, and nobody will.
func TestAFullQueueDropsAndCounts(t *testing.T) {
	d := newDelivery(Config{Log: slog.New(slog.DiscardHandler), HTTP: http.DefaultClient})
	d.queue = make(chan wireEvent, 2)
	d.abandon()
	for range 5 {
		d.enqueue(wireEvent{})
	}
	require.Len(t, d.queue, 2)
	require.EqualError(t, d.undelivered(), "3 events were not delivered: the queue was full")
}

func TestBatchesAreBounded(t *testing.T) {
	d := newDelivery(Config{})
	for range maxBatch + 10 {
		d.enqueue(wireEvent{})
	}
	require.Len(t, d.batch(<-d.queue), maxBatch)
	require.Len(t, d.batch(<-d.queue), 10)
}

func TestStampsSortByTheirOrder(t *testing.T) {
	c := newClock()
	first, second := c.stamp(), c.stamp()
	require.Less(t, first.id, second.id)
	require.False(t, second.at.Before(first.at))
	require.NotEqual(t, c.start, newClock().start)
}
