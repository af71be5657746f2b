package mqtt

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	queueLength = 65_536
	maxBatch    = 500
	// fullWait is how long a connection waits for room in a full queue before its
	// event is dropped.
	fullWait = 5 * time.Second

	firstPause = 50 * time.Millisecond
	lastPause  = 2 * time.Second
)

// delivery is the bounded queue of events and the one goroutine that empties it.
type delivery struct {
	url, token string
	http       *http.Client
	log        *slog.Logger

	queue    chan wireEvent
	stopping chan struct{} // closed: deliver what is queued, then end
	ended    chan struct{} // closed when run has returned
	ctx      context.Context
	abandon  context.CancelFunc // ends tries and pauses at once

	dropped atomic.Int64
	lost    int   // events that were refused or abandoned
	cause   error // of the last loss
}

func newDelivery(c Config) *delivery {
	d := &delivery{
		url: c.WebhookURL, token: c.Token, http: c.HTTP, log: c.Log,
		queue: make(chan wireEvent, queueLength), stopping: make(chan struct{}), ended: make(chan struct{}),
	}
	d.ctx, d.abandon = context.WithCancel(context.Background())
	return d
}

// enqueue waits for room for a while, which slows clients down rather than lose
// what they do; then it drops the event.
func (d *delivery) enqueue(e wireEvent) {
	select {
	case d.queue <- e:
		return
	default:
	}
	full := time.NewTimer(fullWait)
	defer full.Stop()
	select {
	case d.queue <- e:
	case <-d.ctx.Done():
		d.dropped.Add(1)
	case <-full.C:
		d.log.Error("event dropped: the queue to the recorder is full", "dropped", d.dropped.Add(1))
	}
}

// run delivers batch by batch until it is told to stop and the queue is empty.
func (d *delivery) run() {
	defer close(d.ended)
	for {
		select {
		case e := <-d.queue:
			d.deliver(d.batch(e))
		case <-d.stopping:
			d.drain()
			return
		}
	}
}

func (d *delivery) drain() {
	for {
		select {
		case e := <-d.queue:
			d.deliver(d.batch(e))
		default:
			return
		}
	}
}

// batch is the first event and what else is queued.
func (d *delivery) batch(first wireEvent) []wireEvent {
	batch := []wireEvent{first}
	for len(batch) < maxBatch {
		select {
		case e := <-d.queue:
			batch = append(batch, e)
		default:
			return batch
		}
	}
	return batch
}

// deliver tries until the answer is final.
func (d *delivery) deliver(batch []wireEvent) {
	body, err := json.Marshal(batch)
	if err != nil {
		d.lose(len(batch), fmt.Errorf("encode events: %w", err))
		return
	}
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		final, err := d.try(body)
		if err == nil {
			return
		}
		if final {
			d.lose(len(batch), err)
			return
		}
		d.log.Warn("events will be delivered again", "events", len(batch), "cause", err)
		if !d.sleep(pause) {
			d.lose(len(batch), err)
			return
		}
	}
}

// sleep reports whether the pause went by before the delivery was abandoned.
func (d *delivery) sleep(pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-d.ctx.Done():
		return false
	}
}

// try posts once. Final: to send the same again cannot help.
func (d *delivery) try(body []byte) (final bool, err error) {
	req, err := http.NewRequestWithContext(d.ctx, http.MethodPost, d.url, bytes.NewReader(body))
	if err != nil {
		return true, err
	}
	req.Header.Set("Authorization", "Bearer "+d.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := d.http.Do(req)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
	if resp.StatusCode/100 == 2 {
		return true, nil
	}
	return isFinal(resp.StatusCode), fmt.Errorf("the recorder answers %s", resp.Status)
}

// isFinal reports whether a recorder that answers so will not change its mind:
// it kept what it did not understand, or does not know us.
func isFinal(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusRequestEntityTooLarge:
		return true
	default:
		return false
	}
}

func (d *delivery) lose(events int, cause error) {
	d.lost += events
	d.cause = cause
	d.log.Error("events not delivered", "events", events, "cause", cause)
}

// stop delivers what is queued, for as long as ctx allows.
func (d *delivery) stop(ctx context.Context) error {
	close(d.stopping)
	release := context.AfterFunc(ctx, d.abandon)
	<-d.ended
	release()
	d.abandon()
	return d.undelivered()
}

// undelivered is for after the end of run.
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
