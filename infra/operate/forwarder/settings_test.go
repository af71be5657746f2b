package main

import (
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func environment(name string) string {
	return map[string]string{"WEBHOOK_TOKEN": "secret"}[name]
}

func emptyEnvironment(string) string { return "" }

const webhook = "http://127.0.0.1:8080/webhooks/mosquitto/local"

func TestSettings(t *testing.T) {
	got, err := readSettings([]string{"-log", "x.log", "-url", webhook}, environment, io.Discard)
	require.NoError(t, err)
	require.Equal(t, settings{
		log: "x.log", url: webhook, broker: "mosquitto", token: "secret", state: filepath.Join(".data", "forwarder"), age: time.Second,
	}, got)
}

// The route in the URL must be the one that the broker's log goes to. The URL for events must
// differ from it only in the route.
func TestBrokers(t *testing.T) {
	for name, c := range map[string]struct {
		url, broker      string
		want, wantEvents string
	}{
		"by the route":   {webhook, "", "mosquitto", "http://127.0.0.1:8080/webhooks/events/local"},
		"by the flag":    {webhook, "mosquitto", "mosquitto", "http://127.0.0.1:8080/webhooks/events/local"},
		"HiveMQ":         {"https://t.example/webhooks/hivemq/a", "", "hivemq", "https://t.example/webhooks/events/a"},
		"RabbitMQ":       {"https://t.example/webhooks/events/a", "rabbitmq", "rabbitmq", "https://t.example/webhooks/events/a"},
		"behind a proxy": {"https://t.example/x/webhooks/hivemq/events?a=b", "", "hivemq", "https://t.example/x/webhooks/events/events?a=b"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readSettings([]string{"-log", "x", "-url", c.url, "-broker", c.broker}, environment, io.Discard)
			require.NoError(t, err)
			require.Equal(t, c.want, got.broker)
			require.Equal(t, c.wantEvents, got.eventsURL())
		})
	}
}

func TestWrongSettings(t *testing.T) {
	for name, c := range map[string]struct {
		arguments []string
		getenv    func(string) string
		want      string
	}{
		"no log":               {[]string{"-url", webhook}, environment, "-log must name the file"},
		"no URL":               {[]string{"-log", "x"}, environment, "-url must be an http or https URL"},
		"no web URL":           {[]string{"-log", "x", "-url", "127.0.0.1:8080"}, environment, "-url must be an http or https URL"},
		"no token":             {[]string{"-log", "x", "-url", webhook}, emptyEnvironment, "WEBHOOK_TOKEN must be set"},
		"no age":               {[]string{"-log", "x", "-url", webhook, "-age", "0s"}, environment, "-age must be above zero"},
		"no state":             {[]string{"-log", "x", "-url", webhook, "-state", ""}, environment, "-state must name a folder"},
		"more":                 {[]string{"-log", "x", "-url", webhook, "more"}, environment, `unexpected argument "more"`},
		"not a flag":           {[]string{"-color"}, environment, "flag provided but not defined: -color"},
		"not a time":           {[]string{"-age", "long"}, environment, "invalid value"},
		"no webhook":           {[]string{"-log", "x", "-url", "http://127.0.0.1:8080/mosquitto/local"}, environment, "-url must end with /webhooks/"},
		"no instance":          {[]string{"-log", "x", "-url", "http://127.0.0.1:8080/webhooks/mosquitto"}, environment, "-url must end with /webhooks/"},
		"no broker":            {[]string{"-log", "x", "-url", "http://127.0.0.1:8080/webhooks/events/local"}, environment, "-broker must name the broker"},
		"no log of its own":    {[]string{"-log", "x", "-url", "http://127.0.0.1:8080/webhooks/emqx/local"}, environment, `"emqx" is not a broker whose log can be read; use mosquitto, hivemq or rabbitmq`},
		"not a broker":         {[]string{"-log", "x", "-url", webhook, "-broker", "mqtt"}, environment, `"mqtt" is not a broker`},
		"another broker":       {[]string{"-log", "x", "-url", webhook, "-broker", "hivemq"}, environment, `-url must end with /webhooks/hivemq/ and the instance for the log of hivemq; its route is "mosquitto"`},
		"RabbitMQ's own route": {[]string{"-log", "x", "-url", "http://127.0.0.1:8080/webhooks/rabbitmq/local"}, environment, "-url must end with /webhooks/events/"},
		"no settings":          {nil, emptyEnvironment, "-log must name the file"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readSettings(c.arguments, c.getenv, io.Discard)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestAStateFolderServesOneForwarder(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "state")
	unlock, err := lock(folder)
	require.NoError(t, err)
	_, err = lock(folder)
	require.ErrorContains(t, err, "in use by another forwarder")
	unlock()
	unlock, err = lock(folder)
	require.NoError(t, err)
	unlock()
}
