package proof_test

import (
	"fmt"
	"testing"
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/record"
)

// sending simulates a recorder and the sender of its deliveries. The sender makes each delivery up
// to patience times, until the recorder acknowledges it. A delivery that is never acknowledged is
// an error, unless the injected fault is an outage.
type sending struct {
	*injection
	clock  time.Time
	writer *record.Writer
	door   *door
}

func newSending(i *injection) *sending {
	s := &sending{injection: i, clock: noon}
	s.start()
	return s
}

func (s *sending) start() {
	now := func() time.Time { return s.clock }
	s.writer = s.newWriter(s.process, record.Config{RunRows: 4, Now: now})
	s.door = s.newDoor(s.writer, s.process, now)
}

// send delivers events to the writer, without a webhook.
func (s *sending) send(events ...event.Event) error {
	return s.try(func() (bool, error) {
		delivery := s.deliver(events, s.clock, s.nextID(events[0].InstanceID))
		if err := s.writer.Append(s.t.Context(), delivery); err != nil {
			return false, nil
		}
		s.acknowledge(delivery)
		return true, nil
	})
}

// try calls attempt until it is done or returns an error, but at most patience times. Before each
// call, try advances the clock by one second. If no call succeeds, try returns an error unless the
// injected fault is an outage.
func (s *sending) try(attempt func() (done bool, err error)) error {
	for range patience {
		s.clock = s.clock.Add(time.Second)
		done, err := attempt()
		if s.restarted() {
			s.start()
		}
		s.now(late)
		if done || err != nil {
			return err
		}
	}
	if s.kind == outage {
		return nil
	}
	return fmt.Errorf("not acknowledged after %d attempts", patience)
}

// recording is a scenario that records events in several partitions of both instances. Some of its
// runs end because they become full or too old. Others end because the clock is set back or the
// writer is closed. When a run ends, the recorder deletes all superseded objects of the run except
// the last one.
func recording(i *injection) error {
	s := newSending(i)
	for n, step := range []func() error{
		func() error { return s.send(at(clientA, 0), at(clientB, 0), at(clientC, 0)) },
		func() error { return s.send(on(staging, at(clientA, 0), at(clientB, 0))...) },
		func() error { return s.send(at(clientA, 1)) },
		func() error { return s.send(on(staging, at(clientA, 1))...) },
		func() error { return s.send(at(clientA, 2), at(clientA, dayMS)) },                     // the run of clients A and B is now full
		func() error { return s.send(append(on(staging, at(clientA, 2)), at(clientC, 3))...) }, // their run on staging, too
		func() error { return s.send(at(clientA, 3), at(clientC, 1)) },
		func() error { return s.send(at(clientA, 4), at(clientC, 2)) },
		func() error { return s.send(at(clientB, 4), at(clientA, 4)) }, // the second event was already sent in the previous step
		func() error { s.clock = s.clock.Add(11 * time.Minute); return nil },
		// The clock has advanced, so all runs have now reached their maximum age.
		func() error { return s.send(at(clientA, 5), at(clientA, dayMS+1)) },
		func() error { return s.send(on(staging, at(clientA, 5))...) },
		func() error { return s.send(at(clientA, 6)) },
		func() error { return s.send(at(clientA, 7)) },
		func() error { _ = s.writer.Close(i.t.Context()); s.restarted(); return nil },
		func() error { return s.send(at(clientA, 8)) },
		func() error { s.clock = s.clock.Add(-time.Hour); return s.send(at(clientA, 9)) },
	} {
		if err := step(); err != nil {
			return fmt.Errorf("step %d: %w", n, err)
		}
	}
	return i.ending()
}

const dayMS = 24 * 60 * 60 * 1000

func TestEveryFaultWhileRecording(t *testing.T) {
	dir := t.TempDir()
	everyFault(t, func() *world { return newWorld(t, dir) }, recording)
}
