package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"time"
)

// settings is what the command line and the environment say.
type settings struct {
	log, broker    string // one of the two
	url, token     string
	state          string
	gzip           bool
	age            time.Duration
	clientID       string
	user, password string
}

func readSettings(arguments []string, getenv func(string) string, output io.Writer) (settings, error) {
	s := settings{token: getenv("WEBHOOK_TOKEN"), user: getenv("MQTT_USER"), password: getenv("MQTT_PASSWORD")}
	flags := flag.NewFlagSet("mosquitto", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.StringVar(&s.log, "log", "", "the `file` that Mosquitto logs to")
	flags.StringVar(&s.broker, "broker", "", "in place of -log: the broker's `URL`, such as tcp://127.0.0.1:1883")
	flags.StringVar(&s.url, "url", "", "the webhook's `URL`, which ends with /webhooks/mosquitto/ and the instance")
	flags.StringVar(&s.state, "state", filepath.Join(".data", "mosquitto"), "the `folder` that remembers what was delivered, one for each log")
	flags.BoolVar(&s.gzip, "gzip", false, "pack what is sent")
	flags.DurationVar(&s.age, "age", time.Second, "how long a line waits for others to go with it")
	flags.StringVar(&s.clientID, "client-id", "device-trace-log", "with -broker: the client `identifier`, one for each forwarder")
	if err := flags.Parse(arguments); err != nil {
		return settings{}, err
	}
	if flags.NArg() > 0 {
		return settings{}, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return s, s.validate()
}

func (s settings) validate() error {
	webhook, err := url.Parse(s.url)
	switch {
	case (s.log == "") == (s.broker == ""):
		return errors.New("give either -log or -broker")
	case err != nil || webhook.Host == "" || webhook.Scheme != "http" && webhook.Scheme != "https":
		return errors.New("-url must be an http or https URL")
	case s.token == "":
		return errors.New("WEBHOOK_TOKEN must be set")
	case s.age <= 0:
		return errors.New("-age must be above zero")
	case s.state == "" || s.clientID == "":
		return errors.New("-state and -client-id must not be empty")
	}
	return nil
}
