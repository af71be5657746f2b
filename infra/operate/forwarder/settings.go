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

// settings holds the values from the command line and the environment.
type settings struct {
	log, url, token, state string
	gzip                   bool
	age                    time.Duration
}

func readSettings(arguments []string, getenv func(string) string, output io.Writer) (settings, error) {
	s := settings{token: getenv("WEBHOOK_TOKEN")}
	flags := flag.NewFlagSet("forwarder", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.StringVar(&s.log, "log", "", "the `file` that the broker logs to")
	flags.StringVar(&s.url, "url", "", "the webhook's `URL`, which ends with /webhooks/mosquitto/ and the instance")
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

func (s settings) validate() error {
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
	return nil
}
