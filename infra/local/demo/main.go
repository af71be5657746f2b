// Command demo shows what the project is for. It requires that `make run` is already running. First
// it connects real MQTT clients, ends each connection in a different way, and prints each device's
// trace. Then it records simulated days, of single devices and of a fleet, and prints links to the
// page that shows them.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"devicetrace/infra/local/demo/ends"
	"devicetrace/infra/local/running"
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
	address := net.JoinHostPort(host(os.Getenv("HOST")), env("PORT", "8080"))
	broker, err := brokerOf(ctx, address, os.Getenv("MQTT_PORT"))
	if err != nil {
		return err
	}
	target := ends.Target{Address: broker, User: env("MQTT_USER", "device"), Password: env("MQTT_PASSWORD", "devpass")}
	api := traceAPI{base: "http://" + address, token: env("QUERY_TOKEN", "local")}
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

// brokerOf asks the `make run` at the given HTTP address for its MQTT broker, and returns the broker's
// address. wanted is the value of MQTT_PORT, or empty if it is not set. If this broker has another
// port, brokerOf returns an error: a broker on the wanted port would belong to another `make run`, or
// to none.
func brokerOf(ctx context.Context, address, wanted string) (string, error) {
	system, err := running.Ask(ctx, address)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "", fmt.Errorf("nothing listens on %s: start `make run` in another terminal, and set PORT to the same value in both terminals", address)
	case err != nil:
		return "", fmt.Errorf("no `make run` listens on %s: set PORT to the same value as for `make run` (%w)", address, err)
	}
	if _, port, _ := net.SplitHostPort(system.MQTT); wanted != "" && wanted != port {
		return "", fmt.Errorf("MQTT_PORT is %s, but the broker of the `make run` on %s listens on port %s: set MQTT_PORT to %[3]s, or do not set it", wanted, address, port)
	}
	return system.MQTT, nil
}

// host returns the address at which this machine reaches a `make run` with the given HOST. Like
// `make run`, it ignores a HOST that is not an IP address.
func host(setting string) string {
	ip := net.ParseIP(setting)
	if ip == nil || ip.IsUnspecified() {
		return "127.0.0.1"
	}
	return setting
}

func env(name, otherwise string) string { return cmp.Or(os.Getenv(name), otherwise) }
