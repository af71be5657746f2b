package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"path"
	"path/filepath"
	"time"

	"devicetrace/infra/operate/forwarder/brokerlog"
	"devicetrace/pkg/broker"
)

// settings holds the values from the command line and the environment.
type settings struct {
	log, url, broker, token, state string
	gzip                           bool
	age                            time.Duration
}

func readSettings(arguments []string, getenv func(string) string, output io.Writer) (settings, error) {
	s := settings{token: getenv("WEBHOOK_TOKEN")}
	flags := flag.NewFlagSet("forwarder", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.StringVar(&s.log, "log", "", "the `file` that the broker logs to")
	flags.StringVar(&s.url, "url", "", "the webhook's `URL`, which ends with /webhooks/, the route and the instance")
	flags.StringVar(&s.broker, "broker", "", "the `broker` that writes the log: mosquitto, hivemq or rabbitmq (default: the route in -url)")
	flags.StringVar(&s.state, "state", filepath.Join(".data", "forwarder"), "the `folder` that remembers what was delivered; each log needs its own")
	flags.BoolVar(&s.gzip, "gzip", false, "compress requests")
	flags.DurationVar(&s.age, "age", time.Second, "how long a line waits for others to be sent with it")
	if err := flags.Parse(arguments); err != nil {
		return settings{}, err
	}
	if flags.NArg() > 0 {
		return settings{}, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return s, s.validate()
}

func (s *settings) validate() error {
	webhook, err := url.Parse(s.url)
	switch {
	case s.log == "":
		return errors.New("-log must name the file that the broker logs to")
	case err != nil || webhook.Host == "" || webhook.Scheme != "http" && webhook.Scheme != "https":
		return errors.New("-url must be an http or https URL, such as https://trace.example.com/webhooks/mosquitto/plant-1")
	case s.token == "":
		return errors.New("WEBHOOK_TOKEN must be set to the recorder's token")
	case s.age <= 0:
		return errors.New("-age must be above zero, such as 1s")
	case s.state == "":
		return errors.New("-state must name a folder")
	}
	return s.validateRoute(webhook)
}

// validateRoute checks that the route in -url is the one for the broker's log. If -broker is missing,
// validateRoute uses the route as the name of the broker. It returns an error if the route is
// broker.Events, which names no broker.
func (s *settings) validateRoute(webhook *url.URL) error {
	folder, route := path.Split(path.Dir(webhook.Path))
	if path.Base(folder) != "webhooks" {
		return errors.New("-url must end with /webhooks/, the route and the instance, such as /webhooks/mosquitto/plant-1")
	}
	if s.broker == "" && route == broker.Events {
		return errors.New("-broker must name the broker that writes the log, because its name is not in -url; for RabbitMQ, use -broker rabbitmq")
	}
	s.broker = cmp.Or(s.broker, route)
	if _, err := brokerlog.New(s.broker); err != nil {
		return fmt.Errorf("-broker or the route in -url: %w", err)
	}
	if want := brokerlog.Route(s.broker); route != want {
		return fmt.Errorf("-url must end with /webhooks/%s/ and the instance for the log of %s; its route is %q", want, s.broker, route)
	}
	return nil
}

// eventsURL returns the URL of the webhook for events in the project's own form, for the same
// instance as -url.
func (s *settings) eventsURL() string {
	webhook, err := url.Parse(s.url)
	if err != nil {
		panic(err) // validate has checked it
	}
	folder, _ := path.Split(path.Dir(webhook.Path))
	webhook.Path = path.Join(folder, broker.Events, path.Base(webhook.Path))
	return webhook.String()
}
