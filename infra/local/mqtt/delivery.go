package mqtt

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"devicetrace/infra/local/ownform"
	"devicetrace/pkg/event"
)

const (
	queueLength = 65_536
	maxBatch    = 500
	// fullWait is how long a connection waits if the queue is full. After that, its event is
	// dropped.
	fullWait = 5 * time.Second

	minPause = 50 * time.Millisecond // pause before the first retry; each retry doubles it
	maxPause = 2 * time.Second
)

// delivery holds a bounded queue of events. The run method delivers them in its own goroutine.
type delivery struct {
	url, token string
	client     *http.Client
	log        *slog.Logger

	queue    chan event.Event
	stopping chan struct{} // once closed, the run method delivers the queued events and returns
	ended    chan struct{} // closed when run has returned
	ctx      context.Context
	abandon  context.CancelFunc // cancels ctx, which immediately stops attempts and pauses

	dropped atomic.Int64 // events dropped because the queue stayed full
	lost    int          // events that were refused or abandoned
	cause   error        // the reason for the latest loss of events
}

func newDelivery(c Config) *delivery {
	d := &delivery{
		url: c.WebhookURL, token: c.Token, client: &http.Client{Timeout: tryTimeout}, log: c.Log,
		queue: make(chan event.Event, queueLength), stopping: make(chan struct{}), ended: make(chan struct{}),
	}
	d.ctx, d.abandon = context.WithCancel(context.Background())
	return d
}

// enqueue queues an event. If the queue stays full for fullWait, enqueue drops the event. Until
// then, enqueue blocks, and so does the connection that caused the event.
func (d *delivery) enqueue(e event.Event) {
	select {
	case d.queue <- e:
	case <-time.After(fullWait):
		d.log.Error("event dropped: the queue to the recorder is full", "dropped", d.dropped.Add(1))
	}
}

// run delivers batches until stop is called and the queue is empty.
func (d *delivery) run() {
	defer close(d.ended)
	for {
		select {
		case e := <-d.queue:
			d.deliver(d.batch(e))
		case <-d.stopping:
			for len(d.queue) > 0 {
				d.deliver(d.batch(<-d.queue))
			}
			return
		}
	}
}

// batch returns a batch that consists of the given first event and up to maxBatch-1 queued
// events.
func (d *delivery) batch(first event.Event) []event.Event {
	batch := []event.Event{first}
	for len(batch) < maxBatch && len(d.queue) > 0 {
		batch = append(batch, <-d.queue)
	}
	return batch
}

// deliver repeatedly posts a batch until the recorder accepts it or refuses it for good, or
// until stop abandons it.
func (d *delivery) deliver(batch []event.Event) {
	body, err := ownform.Encode(batch)
	if err != nil {
		d.lose(len(batch), fmt.Errorf("encode events: %w", err))
		return
	}
	for pause := minPause; ; pause = min(2*pause, maxPause) {
		final, err := d.post(body)
		if err == nil {
			return
		}
		if !final {
			d.log.Warn("delivery failed; trying again", "events", len(batch), "cause", err)
			select {
			case <-time.After(pause):
				continue
			case <-d.ctx.Done():
			}
		}
		d.lose(len(batch), err)
		return
	}
}

func (d *delivery) lose(events int, cause error) {
	d.lost += events
	d.cause = cause
	d.log.Error("events not delivered", "events", events, "cause", cause)
}

// stop waits until the queued events are delivered. When ctx ends, it abandons the
// remaining events. It returns an error if any event was lost.
func (d *delivery) stop(ctx context.Context) error {
	close(d.stopping)
	release := context.AfterFunc(ctx, d.abandon)
	<-d.ended
	release()
	d.abandon()
	return d.undelivered()
}

// undelivered returns an error if any event was lost. It must be called after run has
// returned.
func (d *delivery) undelivered() error {
	lost := d.lost + int(d.dropped.Load())
	if lost == 0 {
		return nil
	}
	cause := d.cause
	if cause == nil {
		cause = errors.New("the queue was full")
	}
	return fmt.Errorf("%d events were not delivered: %w", lost, cause)
}
