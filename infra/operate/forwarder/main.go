// Forwarder sends the log of a broker to the recorder. It repeats each request until the recorder
// confirms that its lines or events are durable. It reads the logs of Mosquitto, HiveMQ and
// RabbitMQ.
//
//	forwarder -log /var/log/mosquitto/mosquitto.log -url http://127.0.0.1:8080/webhooks/mosquitto/local
//
// The environment variable WEBHOOK_TOKEN holds the recorder's token. SIGTERM or Ctrl-C stops the
// command. When started again, the command continues where it stopped.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"devicetrace/infra/operate/forwarder/brokerlog"
	"devicetrace/infra/operate/forwarder/follow"
	"devicetrace/infra/operate/forwarder/forward"
)

func main() {
	s, err := readSettings(os.Args[1:], os.Getenv, os.Stderr)
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
		err = run(ctx, s)
		stop()
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "forwarder:", err)
		os.Exit(1)
	}
}

// run forwards the log until ctx is canceled.
func run(ctx context.Context, s settings) error {
	unlock, err := lock(s.state)
	if err != nil {
		return err
	}
	defer unlock()
	reader, err := brokerlog.New(s.broker)
	if err != nil {
		return err
	}
	follower, err := follow.Open(follow.Config{Path: s.log, StateFile: filepath.Join(s.state, "position.json"), State: reader})
	if err != nil {
		return err
	}
	defer follower.Close()
	slog.Info("following", "log", s.log, "broker", s.broker, "url", s.url)
	forward.New(follower, reader, forward.Config{
		LinesURL: s.url, EventsURL: s.eventsURL(), Token: s.token, Gzip: s.gzip, MaxAge: s.age,
	}).Run(ctx)
	slog.Info("stopped")
	return nil
}
