// Mosquitto sends the log of an Eclipse Mosquitto broker to the recorder, line for
// line, each until it is durable there.
//
//	mosquitto -log /var/log/mosquitto/mosquitto.log -url http://127.0.0.1:8080/webhooks/mosquitto/local
//	mosquitto -broker tcp://127.0.0.1:1883          -url http://127.0.0.1:8080/webhooks/mosquitto/local
//
// With -log it follows the file; with -broker it subscribes to $SYS/broker/log, which
// Mosquitto publishes with log_dest topic. Environment: WEBHOOK_TOKEN, and with
// -broker MQTT_USER and MQTT_PASSWORD. It ends with SIGTERM or Ctrl-C, and goes on
// where it was when it is started again.
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
