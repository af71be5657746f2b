// Mosquitto sends the log of an Eclipse Mosquitto broker to the recorder, line for
// line, each until it is durable there.
//
//	mosquitto -log /var/log/mosquitto/mosquitto.log -url http://127.0.0.1:8080/webhooks/mosquitto/local
//
// The environment variable WEBHOOK_TOKEN holds the recorder's token. SIGTERM or Ctrl-C
// ends the command; the next start continues where it stopped.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	s, err := readSettings(os.Args[1:], os.Getenv, os.Stderr)
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
		err = run(ctx, s)
		stop()
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "mosquitto:", err)
		os.Exit(1)
	}
}
