package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"devicetrace/infra/local/sim"
	"devicetrace/pkg/event"
)

// latency is what webhooks and queries take where each request to the store takes as
// long as in OSS: the real functions as plain servers, the real client, and the
// stand-in with a delay, under a steady load.
func (b *bench) latency(ctx context.Context) error {
	b.note("delay of each request to the store", fmt.Sprintf("log-normal, median %v, 1 in 100 above %v", ossMedian, ossSlow))
	f, err := b.builtFunctions(ctx)
	if err != nil {
		return err
	}
	if err := b.webhookLatency(ctx, f); err != nil {
		return err
	}
	return b.queryLatency(ctx, f)
}

// loads is how many requests a second there are, for how many seconds.
func (b *bench) loads(perSecond int) (n int, rate float64) {
	seconds := 10
	if b.scale < leastScale {
		seconds = 1
	}
	return perSecond * seconds, float64(perSecond)
}

func (b *bench) webhookLatency(ctx context.Context, f *functions) error {
	for _, c := range []struct{ batch, perSecond int }{{1, 50}, {100, 5}} {
		bucket, err := b.folder("latency")
		if err != nil {
			return err
		}
		n, rate := b.loads(c.perSecond)
		hooks, err := currentWebhooks(n, c.batch)
		if err != nil {
			return err
		}
		took, err := withServer(ctx, f, "recorder", bucket, func(at *server) (timing, error) {
			return openLoop(n, rate, func(i int) error { return at.send(ctx, hooks[i]) })
		})
		if err != nil {
			return err
		}
		b.addLatency(fmt.Sprintf("webhook of %s to acknowledgement, 16 shards, %d a second", countOf(c.batch), c.perSecond), took)
	}
	return nil
}

func (b *bench) queryLatency(ctx context.Context, f *functions) error {
	d, err := b.dayOf(ctx, 16)
	if err != nil {
		return err
	}
	n, rate := b.loads(20)
	devices := d.devices
	took, err := withServer(ctx, f, "query", d.bucket, func(at *server) (timing, error) {
		for i := range min(100, len(devices)) { // so that footers are known
			if err := at.trace(ctx, devices[i]); err != nil {
				return timing{}, err
			}
		}
		return openLoop(n, rate, func(i int) error { return at.trace(ctx, devices[i%len(devices)]) })
	})
	if err != nil {
		return err
	}
	b.addLatency("query of a closed day, 16 shards, warm, 20 a second", took)
	return nil
}

func (b *bench) addLatency(what string, took timing) {
	b.show(what+": p50", took.percentile(50), "ms")
	b.show(what+": p99", took.percentile(99), "ms")
}

// withServer measures a function on a bucket whose requests take their time.
func withServer(ctx context.Context, f *functions, name, bucket string, measure func(*server) (timing, error)) (timing, error) {
	s, err := openStandIn(bucket, likeOSS)
	if err != nil {
		return timing{}, err
	}
	defer s.close()
	at, err := f.serve(ctx, s, name)
	if err != nil {
		return timing{}, err
	}
	defer at.close()
	return measure(at)
}

// openLoop calls do(0) to do(n-1), so many a second whatever becomes of the earlier
// ones, and times each from when it was due.
func openLoop(n int, perSecond float64, do func(i int) error) (timing, error) {
	t := timing{each: make([]time.Duration, n)}
	errs := make([]error, n)
	var all sync.WaitGroup
	began := time.Now()
	for i := range n {
		due := began.Add(time.Duration(float64(i) / perSecond * float64(time.Second)))
		time.Sleep(time.Until(due))
		all.Go(func() {
			errs[i] = do(i)
			t.each[i] = time.Since(due)
		})
	}
	all.Wait()
	slices.Sort(t.each)
	return t, errors.Join(errs...)
}

// currentWebhooks is n webhooks of EMQX with events of the last hours.
func currentWebhooks(n, batch int) (hooks []webhook, err error) {
	var events []event.Event
	later := time.Since(today.AddDate(0, 0, 1)).Truncate(time.Millisecond)
	for e := range sim.Day(sim.Config{Seed: fleetSeed, Day: today, Devices: n * batch}) {
		e.Time, e.ReceivedAt = e.Time.Add(later), e.ReceivedAt.Add(later)
		if !e.ConnectedAt.IsZero() {
			e.ConnectedAt = e.ConnectedAt.Add(later)
		}
		events = append(events, e)
	}
	slices.SortStableFunc(events, func(a, b event.Event) int { return a.ReceivedAt.Compare(b.ReceivedAt) })
	events = ofEMQX(events)
	events = events[max(0, len(events)-n*batch):]
	for part := range slices.Chunk(events, batch) {
		hook, err := newWebhook(part)
		if err != nil {
			return nil, err
		}
		hooks = append(hooks, hook)
	}
	if len(hooks) < n {
		return nil, fmt.Errorf("%d webhooks, want %d", len(hooks), n)
	}
	return hooks, nil
}

// client keeps connections, as a broker does.
var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}

func (s *server) send(ctx context.Context, w webhook) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/webhooks/emqx/"+string(w.last.InstanceID), bytes.NewReader(w.body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	return do(r)
}

func (s *server) trace(ctx context.Context, d device) error {
	q := question(d)
	asked := url.Values{
		"instance": {d.instance}, "client": {d.client},
		"from": {q.From.Format(time.RFC3339Nano)}, "to": {q.To.Format(time.RFC3339Nano)},
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/api/v1/trace?"+asked.Encode(), nil)
	if err != nil {
		return err
	}
	return do(r)
}

// do asks, and wants 200.
func do(r *http.Request) error {
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s: %.200s", r.Method, r.URL.Path, answer.Status, text)
	}
	return err
}
