package mqtt

import (
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

// No goroutine takes events from the queue in this test, so the queue stays full.
func TestAFullQueueDropsAndCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDelivery(Config{Log: slog.New(slog.DiscardHandler)})
		d.queue = make(chan event.Event, 2)
		begin := time.Now()
		for range 5 {
			d.enqueue(event.Event{})
		}
		require.Equal(t, 3*fullWait, time.Since(begin))
		require.Len(t, d.queue, 2)
		require.EqualError(t, d.undelivered(), "3 events were not delivered: the queue was full")
	})
}

func TestBatchesAreBounded(t *testing.T) {
	d := newDelivery(Config{})
	for range maxBatch + 10 {
		d.enqueue(event.Event{})
	}
	require.Len(t, d.batch(<-d.queue), maxBatch)
	require.Len(t, d.batch(<-d.queue), 10)
}

func TestStampsSortInTheOrderOfEvents(t *testing.T) {
	c := newClock()
	first, second := c.stamp(), c.stamp()
	require.Less(t, first.id, second.id)
	require.False(t, second.at.Before(first.at))
	require.NotEqual(t, c.start, newClock().start)
}
