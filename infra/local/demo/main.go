// Command demo shows what the project is for. With `make run` up, it connects real
// MQTT clients, ends each connection in another way, and prints the trace that the
// query function has of each device. Then it records made-up days, for the page.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"time"

	"devicetrace/infra/local/demo/ends"
)

// patience bounds the whole demo.
const patience = 2 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	ctx, cancel := context.WithTimeout(ctx, patience)
	err := run(ctx)
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// run shows one device after the other.
func run(ctx context.Context) error {
	port, mqttPort := env("PORT", "8080"), env("MQTT_PORT", "1883")
	if err := isUp(ctx, port, mqttPort); err != nil {
		return err
	}
	target := ends.Target{Address: "127.0.0.1:" + mqttPort, User: env("MQTT_USER", "device"), Password: env("MQTT_PASSWORD", "devpass")}
	api := traceAPI{base: "http://127.0.0.1:" + port, token: env("QUERY_TOKEN", "local")}
	for i, kind := range ends.Kinds {
		device := "GID_demo@@@" + kind.Name
		fmt.Printf("\n[%d/%d] %s\n", i+1, len(ends.Kinds), device)
		if err := show(ctx, api, target, kind, device); err != nil {
			return fmt.Errorf("%s: %w", device, err)
		}
	}
	return showDays(ctx, api, env("WEBHOOK_TOKEN", "local"))
}

// show ends one connection and prints what the trace says of it.
func show(ctx context.Context, api traceAPI, target ends.Target, kind ends.Kind, device string) error {
	began := time.Now()
	if err := kind.Run(ctx, target, device); err != nil {
		return err
	}
	a, err := api.await(ctx, device, began, len(kind.Rows))
	if err != nil {
		return err
	}
	printTrace(os.Stdout, a)
	fmt.Println("  page:", api.page("local", device, began.Add(-time.Second), time.Now().Add(time.Second)))
	return checkRows(a.Events, kind.Rows)
}

// checkRows compares the trace with what this way to end should leave.
func checkRows(got []row, want []ends.Row) error {
	for i, w := range want {
		if i >= len(got) || got[i].Action != w.Action || got[i].ActionInfo != w.Info {
			return fmt.Errorf("row %d should be %s, %s", i+1, w.Action, w.Info)
		}
	}
	return nil
}

// isUp reports, in one line, what to do when make run is not up.
func isUp(ctx context.Context, ports ...string) error {
	for _, port := range ports {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", "127.0.0.1:"+port)
		if err != nil {
			return errors.New("nothing answers on 127.0.0.1:" + port + "; start it with `make run` in another terminal")
		}
		_ = conn.Close()
	}
	return nil
}

func env(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}
