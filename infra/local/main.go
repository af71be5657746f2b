// Local is the cloud on one machine: it reads s.yaml and hosts the three functions
// over the platform's own runtime API, against a stand-in for OSS on local disk, with
// an MQTT broker whose events go to the recorder.
//
//	local           run everything until Ctrl-C (make run)
//	local compact   run the compactor once on the local data (make compact)
//	local check     re-read the local data and prove that nothing in it is wrong (make check)
//
// It works in the repository's folder, where s.yaml and the built functions are.
// Everything listens on 127.0.0.1 alone. Environment: PORT (8080), MQTT_PORT (1883),
// DATA_DIR (.data), WEBHOOK_TOKEN, QUERY_TOKEN and ADMIN_TOKEN (all local), OPENAPI_KEYS
// (local:local-secret=*), MQTT_USER (device), MQTT_PASSWORD (devpass); and what s.yaml
// reads.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
)

func main() {
	if err := command(os.Args[1:], readSettings(os.Getenv)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func command(arguments []string, s settings) error {
	switch {
	case len(arguments) == 0:
		return run(s, interrupts(), os.Stdout)
	case slices.Equal(arguments, []string{"compact"}):
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
		defer stop()
		return compact(ctx, s, os.Stdout)
	case slices.Equal(arguments, []string{"check"}):
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
		defer stop()
		return checkData(ctx, s, os.Stdout, os.Stderr)
	}
	return errors.New("usage: local [compact | check]")
}

// interrupts gets one signal for each Ctrl-C.
func interrupts() <-chan os.Signal {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	return signals
}
