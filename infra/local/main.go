// Local runs the cloud on one machine:
//
//   - It hosts the three functions of s.yaml as the platform does.
//   - A stand-in for OSS keeps the objects on local disk.
//   - An MQTT broker sends its events to the recorder.
//
// Commands:
//
//	local           run everything until Ctrl-C (make run)
//	local compact   run the compactor once on the local data (make compact)
//	local check     re-read the local data and verify it (make check)
//
// The program must be started in the repository's folder, which holds s.yaml and the built
// functions. It reads the variables that s.yaml names and these environment variables:
//
//	variable                                  default
//	S_YAML (which functions to host)          s.yaml
//	HOST (IP address to listen on)            127.0.0.1
//	PORT                                      8080
//	MQTT_PORT                                 1883
//	DATA_DIR                                  .data
//	WEBHOOK_TOKEN, QUERY_TOKEN, ADMIN_TOKEN   local
//	OPENAPI_KEYS                              local:local-secret=*
//	MQTT_USER                                 device
//	MQTT_PASSWORD                             devpass
//
// If HOST is not a loopback address, WEBHOOK_TOKEN and QUERY_TOKEN are required, and ADMIN_TOKEN,
// OPENAPI_KEYS and MQTT_PASSWORD have no defaults: without them, the quarantine and Alibaba's API
// are disabled, and the broker listens on 127.0.0.1 only.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	if err := command(os.Args[1:], readSettings(os.Getenv)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func command(arguments []string, s settings) error {
	ending := []os.Signal{syscall.SIGINT, syscall.SIGTERM}
	ctx, stop := signal.NotifyContext(context.Background(), ending...)
	defer stop()
	switch strings.Join(arguments, " ") {
	case "":
		signals := make(chan os.Signal, 2)
		signal.Notify(signals, ending...)
		return run(s, signals, os.Stdout)
	case "compact":
		return compactData(ctx, s, os.Stdout)
	case "check":
		return checkData(ctx, s, os.Stdout)
	}
	return errors.New("usage: local [compact | check]")
}
