// Package brokerlog reads the logs of brokers. For each part of a log, it says what to send to the
// recorder: the lines themselves, if the recorder reads them, or events in the project's own form.
//
// A line of a log does not always contain everything that its event needs. The readers in this
// package therefore remember which connections are open. If a reader reads the same lines in the
// same state again, the result is the same events with the same identifiers. Sending them again
// therefore does no harm.
package brokerlog

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"devicetrace/infra/operate/forwarder/follow"
	"devicetrace/pkg/broker"
)

// These are the brokers whose logs the package reads.
const (
	Mosquitto = broker.Mosquitto
	HiveMQ    = broker.HiveMQ
	RabbitMQ  = "rabbitmq"
)

// Reader reads the log of one broker. It is not safe for concurrent use.
type Reader interface {
	// State is what the reader remembers from the lines that it has read.
	follow.State
	// Read reads the lines of a chunk. It returns the requests to send, in order, and the part of
	// the chunk that it has read. That part is the whole chunk, unless the chunk was cut off by a
	// limit; it then has at least one line.
	Read(c follow.Chunk) ([]Body, follow.Chunk)
	// Counts returns what the reader has counted so far, as attributes for a progress report.
	Counts() []slog.Attr
}

// New returns a reader for the log of the given broker.
func New(name string) (Reader, error) {
	switch name {
	case Mosquitto:
		return newMosquitto(), nil
	case HiveMQ:
		return plain{}, nil
	case RabbitMQ:
		return newRabbitMQ(), nil
	}
	return nil, fmt.Errorf("%q is not a broker whose log can be read; use %s, %s or %s", name, Mosquitto, HiveMQ, RabbitMQ)
}

// Route returns the name of the route for the log of the given broker.
func Route(name string) string {
	if name == RabbitMQ {
		return broker.Events // the recorder does not read RabbitMQ's lines
	}
	return name
}

// plain is the Reader for a log whose lines the recorder reads itself.
type plain struct{}

func (plain) Read(c follow.Chunk) ([]Body, follow.Chunk) { return []Body{linesOf(c)}, c }

func (plain) Counts() []slog.Attr { return nil }

func (plain) Snapshot() (json.RawMessage, error) { return nil, nil }

func (plain) Restore(snapshot json.RawMessage) error {
	return restore(snapshot, "", &struct{}{})
}

// restore decodes a snapshot of the named broker's reader. It refuses a snapshot of another
// broker's reader, because the state folder then belongs to a different log.
func restore(snapshot json.RawMessage, name string, state any) error {
	var owner struct {
		Broker string `json:"broker"`
	}
	if err := json.Unmarshal(snapshot, &owner); err != nil {
		return err
	}
	if owner.Broker == "" {
		return errors.New("the state has no broker")
	}
	if owner.Broker != name {
		return fmt.Errorf("%w, for the log of %q; give each log its own -state", follow.ErrOtherState, owner.Broker)
	}
	return json.Unmarshal(snapshot, state)
}
