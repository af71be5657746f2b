// Package topic receives the lines of a Mosquitto log by MQTT, where its file is out
// of reach: Mosquitto publishes them below $SYS/broker/log with log_dest topic.
//
// What always holds: a message is acknowledged only when its line is on disk; the
// session outlives connections and processes, so the broker keeps what it sends
// meanwhile, within its max_queued_messages; and a message that is sent again because
// its acknowledgement was lost comes into the spool once.
package topic

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// Config of a Receiver.
type Config struct {
	// Broker is a URL such as tcp://127.0.0.1:1883 or ssl://broker:8883.
	Broker         string
	User, Password string
	// ClientID names the session. Two receivers must not share one.
	ClientID string
	// Seen is the file that remembers messages. Its folder must exist.
	Seen string
}

// filters are the levels of the log that tell of connections: a takeover is an error.
var filters = map[string]byte{
	"$SYS/broker/log/E": 1,
	"$SYS/broker/log/W": 1,
	"$SYS/broker/log/N": 1,
	"$SYS/broker/log/I": 1,
}

const (
	// waiting bounds the messages that wait for the disk.
	waiting = 1_000
	// together bounds the messages that one write takes.
	together = 200
	// retry is the pause before the broker or the disk is tried again.
	retry = 2 * time.Second
	// maxPause is the longest pause before the broker is tried again.
	maxPause = 30 * time.Second
	// farewell is how long a DISCONNECT may take, in ms.
	farewell = 250
)

// message is what is needed of paho.Message.
type message interface {
	Topic() string
	Payload() []byte
	MessageID() uint16
	Duplicate() bool
	Ack()
}

// Receive puts what the broker publishes into the spool until ctx ends.
func Receive(ctx context.Context, config Config, spool *Spool) error {
	known, err := openSeen(config.Seen)
	if err != nil {
		return fmt.Errorf("open %q: %w", config.Seen, err)
	}
	messages := make(chan message, waiting)
	client := paho.NewClient(options(ctx, config, messages))
	client.Connect()
	write(ctx, messages, spool, known)
	client.Disconnect(farewell)
	return known.close()
}

// options are those of a client that keeps its session and tries for ever.
func options(ctx context.Context, config Config, messages chan<- message) *paho.ClientOptions {
	return paho.NewClientOptions().
		AddBroker(config.Broker).SetClientID(config.ClientID).SetUsername(config.User).SetPassword(config.Password).
		SetProtocolVersion(4).SetCleanSession(false).SetAutoAckDisabled(true).SetOrderMatters(true).
		SetConnectRetry(true).SetConnectRetryInterval(retry).SetAutoReconnect(true).SetMaxReconnectInterval(maxPause).
		SetDefaultPublishHandler(func(_ paho.Client, m paho.Message) {
			select {
			case messages <- m:
			case <-ctx.Done(): // not acknowledged, so it comes again
			}
		}).
		SetOnConnectHandler(subscribe).
		SetConnectionNotificationHandler(tell)
}

// subscribe asks for the log. The session may have done so before, which is no harm.
func subscribe(client paho.Client) {
	token := client.SubscribeMultiple(filters, nil).(*paho.SubscribeToken)
	go func() {
		<-token.Done()
		if err := token.Error(); err != nil {
			slog.Error("cannot subscribe to the log", "error", err.Error())
			return
		}
		for filter, granted := range token.Result() {
			if granted > 2 {
				slog.Error("the broker refuses the subscription: give this user `topic read $SYS/broker/log/#`", "filter", filter)
				return
			}
		}
		slog.Info("subscribed to the log")
	}()
}

// tell says what becomes of the connection.
func tell(_ paho.Client, n paho.ConnectionNotification) {
	switch n := n.(type) {
	case paho.ConnectionNotificationLost:
		slog.Warn("lost the connection to the broker", "error", n.Reason.Error())
	case paho.ConnectionNotificationFailed:
		slog.Warn("cannot connect to the broker: trying again", "error", n.Reason.Error())
	}
}

// write puts messages into the spool, as many at once as have come, until ctx ends.
func write(ctx context.Context, messages <-chan message, spool *Spool, known *seen) {
	for {
		batch := receive(ctx, messages)
		if batch == nil {
			return
		}
		for {
			err := keep(batch, spool, known)
			if err == nil {
				break
			}
			slog.Error("cannot write to the spool: trying again", "error", err.Error())
			if !pause(ctx, retry) {
				return
			}
		}
	}
}

// receive waits for a message and takes those that are there behind it.
func receive(ctx context.Context, messages <-chan message) (batch []message) {
	select {
	case m := <-messages:
		batch = append(batch, m)
	case <-ctx.Done():
		return nil
	}
	for len(batch) < together {
		select {
		case m := <-messages:
			batch = append(batch, m)
		default:
			return batch
		}
	}
	return batch
}

// keep puts messages on disk, those that are not there, and then acknowledges them.
func keep(batch []message, spool *Spool, known *seen) error {
	var fresh []message
	var lines []byte
	var lengths []int
	written := spool.written()
	for _, m := range batch {
		if known.isAgain(m, written) || slices.ContainsFunc(fresh, func(f message) bool { return isAgainOf(m, f) }) {
			continue
		}
		begin := len(lines)
		lines = append(append(lines, bytes.TrimSuffix(m.Payload(), []byte("\n"))...), '\n')
		fresh, lengths = append(fresh, m), append(lengths, len(lines)-begin)
	}
	if len(fresh) > 0 {
		err := spool.Append(lines, func(end int64) error {
			for i, m := range fresh {
				end += int64(lengths[i])
				if err := known.add(m, end); err != nil {
					return err
				}
			}
			return known.sync()
		})
		if err != nil {
			return err
		}
	}
	for _, m := range batch {
		m.Ack()
	}
	return nil
}

// pause lets time pass; false if ctx ended.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
