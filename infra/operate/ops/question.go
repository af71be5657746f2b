package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// question holds the flags that every question about a device takes.
type question struct {
	instance, lang, tz *string
	isOnBucket         *bool
}

func newQuestionFlags(flags *flag.FlagSet) question {
	return question{
		instance: flags.String("instance", "", ""), lang: flags.String("lang", "", ""), tz: flags.String("tz", "", ""),
		isOnBucket: flags.Bool("bucket", false, ""),
	}
}

// asker returns the asker for the server or, with -bucket, for the bucket.
func (q question) asker(t terminal) (asker, error) {
	if *q.isOnBucket {
		return newQueryBucket(t)
	}
	c, err := newCaller(t, "QUERY_TOKEN")
	return queryServer{c}, err
}

// put sends a question about a device to the API and prints the response. The function set adds the
// parameters of this kind of question. Nothing is printed unless the response is complete.
func (q question) put(ctx context.Context, t terminal, path string, arguments []string, set func(url.Values, *time.Location) error) error {
	parameters, err := q.parameters(arguments, set)
	if err != nil {
		return err
	}
	a, err := q.asker(t)
	if *q.instance == "" {
		return nameInstance(ctx, a, err)
	}
	if err != nil {
		return err
	}
	got, err := a.ask(ctx, path, parameters)
	switch {
	case err != nil:
		return err
	case got.invalidParameter() != nil:
		return got.invalidParameter()
	case got.status != http.StatusOK:
		return a.refused(got, *q.instance)
	}
	return printReply(t, got, parameters.Get("format"))
}

// parameters returns the parameters of a question. It makes no request.
func (q question) parameters(arguments []string, set func(url.Values, *time.Location) error) (url.Values, error) {
	if len(arguments) != 1 {
		return nil, errUsage("takes exactly one client identifier; quote it if it contains spaces")
	}
	zone, err := zoneOf(*q.tz)
	if err != nil {
		return nil, err
	}
	parameters := url.Values{"instance": {*q.instance}, "client": {arguments[0]}, "format": {"text"}}
	for name, value := range map[string]string{"lang": *q.lang, "tz": *q.tz} {
		if value != "" {
			parameters.Set(name, value)
		}
	}
	return parameters, set(parameters, zone)
}

// nameInstance returns the error for a command line that names no instance. The error lists the instances
// that have events. If err is not nil, a could not be opened, and the error includes err instead.
func nameInstance(ctx context.Context, a asker, err error) error {
	var names []string
	if err == nil {
		names, err = instances(ctx, a)
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return errUsage("name the instance with -instance. The instances could not be listed: " + err.Error())
	case len(names) == 0:
		return errUsage("name the instance with -instance; no instance that the token covers has events yet")
	default:
		return errUsage("name the instance with -instance; the instances with events are: " + enumerate(names))
	}
}

// instances returns the instances that have events.
func instances(ctx context.Context, a asker) ([]string, error) {
	got, err := a.ask(ctx, "/api/v1/instances", nil)
	switch {
	case err != nil:
		return nil, err
	case got.status != http.StatusOK:
		return nil, a.refused(got, "")
	}
	var list struct {
		Instances []string `json:"instances"`
	}
	return list.Instances, decode(got.body, &list)
}

// maxNames is the maximum number of instances that an error names.
const maxNames = 20

func enumerate(names []string) string {
	text := clean(strings.Join(names[:min(len(names), maxNames)], ", "))
	if len(names) > maxNames {
		text += " and more"
	}
	return text
}

var errStranger = errors.New("the response does not come from Device Trace: check DEVICE_TRACE_URL")

// printReply prints a response. If the format is "text", the server has already made the response safe for
// a terminal. In other formats, printReply escapes control characters if standard output is a terminal.
func printReply(t terminal, got reply, format string) error {
	body := got.body
	switch {
	case format == "json" && !json.Valid(body), format != "json" && got.header.Get("X-Receipt") == "":
		return errStranger
	case len(body) > 0 && !bytes.HasSuffix(body, []byte("\n")):
		return errors.New("the response was cut off: its last line has no line end. Try again")
	case format != "text" && t.interactive:
		body = visible(body)
	}
	_, err := t.stdout.Write(body)
	return err
}
