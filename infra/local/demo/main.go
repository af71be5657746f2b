// Command demo shows what the project is for. It requires that `make run` is already running. First
// it connects real MQTT clients, ends each connection in a different way, and prints each device's
// trace. Then it records simulated days, of single devices and of a fleet, and prints links to the
// page that shows them.
package main

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"time"

	"devicetrace/infra/local/demo/ends"
)

// patience is how long the whole demo may take.
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

// run shows every way in which a connection can end, each with its own device. Then it shows the
// simulated days of single devices and of a fleet.
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
			return fmt.Errorf("show device %q: %w", device, err)
		}
	}
	webhookToken := env("WEBHOOK_TOKEN", "local")
	if err := showDays(ctx, api, webhookToken); err != nil {
		return err
	}
	return showFleet(ctx, api, webhookToken, os.Stdout)
}

// show ends a device's connection in the given way, and prints the device's trace.
func show(ctx context.Context, api traceAPI, target ends.Target, kind ends.Kind, device string) error {
	began := time.Now()
	if err := kind.Run(ctx, target, device); err != nil {
		return err
	}
	got, err := api.await(ctx, device, began, len(kind.Rows))
	if err != nil {
		return err
	}
	printTrace(os.Stdout, got)
	fmt.Println("  page:", api.page("local", device, began.Add(-time.Second), time.Now().Add(time.Second)))
	return checkRows(got.Events, kind.Rows)
}

// checkRows returns an error if the rows of a trace do not begin with the wanted rows.
func checkRows(got []row, want []ends.Row) error {
	for i, w := range want {
		if i >= len(got) || got[i].Action != w.Action || got[i].ActionInfo != w.Info {
			return fmt.Errorf("row %d should be %s, %s", i+1, w.Action, w.Info)
		}
	}
	return nil
}

// isUp returns an error unless something listens on each of the given ports. The error says which
// command to run.
func isUp(ctx context.Context, ports ...string) error {
	for _, port := range ports {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", "127.0.0.1:"+port)
		if err != nil {
			return fmt.Errorf("nothing listens on 127.0.0.1:%s: start `make run` in another terminal, with the same PORT and MQTT_PORT", port)
		}
		_ = conn.Close()
	}
	return nil
}

func env(name, otherwise string) string { return cmp.Or(os.Getenv(name), otherwise) }
