package main

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"devicetrace/pkg/event"
	"devicetrace/pkg/query"
)

const (
	presetLimit = 1000
	mostLimit   = 5000
	// longestID is the longest client identifier that MQTT can carry, in bytes.
	longestID = 65_535
)

// fault is a question that cannot be answered: the 400's code and sentence.
type fault struct{ code, sentence string }

func (f fault) Error() string { return f.sentence }

func invalid(format string, args ...any) error {
	return fault{"InvalidParameter", fmt.Sprintf(format, args...)}
}

func missing(sentence string) error { return fault{"MissingParameter", sentence} }

// question is what the parameters of a request ask for.
type question struct {
	request query.Request
	format  format
}

var parameters = []string{"instance", "client", "group", "device", "from", "to", "order", "limit", "cursor", "format"}

// parseQuestion reads the query part of a URL. Every error is a fault. A parameter
// that is there but empty counts as missing, but for group, which may be empty.
func parseQuestion(rawQuery string, now time.Time) (question, error) {
	values, err := url.ParseQuery(rawQuery)
	if err != nil {
		return question{}, invalid("the parameters are not properly percent-encoded")
	}
	if err := checkNames(values); err != nil {
		return question{}, err
	}
	var q question
	for _, parse := range []func(url.Values) error{
		q.parseDevice,
		func(v url.Values) error { return q.parseSpan(v, now) },
		q.parsePage,
		q.parseFormat,
	} {
		if err := parse(values); err != nil {
			return question{}, err
		}
	}
	return q, nil
}

func checkNames(values url.Values) error {
	for name, given := range values {
		if !slices.Contains(parameters, name) {
			return fault{"UnknownParameter", fmt.Sprintf("%.64q is not a parameter; there are %s", name, strings.Join(parameters, ", "))}
		}
		if len(given) > 1 {
			return fault{"RepeatedParameter", name + " is given more than once"}
		}
	}
	return nil
}

func (q *question) parseDevice(values url.Values) error {
	q.request.InstanceID = values.Get("instance")
	if q.request.InstanceID == "" {
		return missing("instance is missing: the broker instance that the device connects to")
	}
	clientID, err := parseClientID(values)
	q.request.ClientID = clientID
	return err
}

func parseClientID(values url.Values) (string, error) {
	clientID, device := values.Get("client"), values.Get("device")
	switch {
	case clientID != "" && (values.Has("group") || device != ""):
		return "", invalid("give client, or group and device, not both")
	case clientID == "" && device == "":
		return "", missing("client is missing: a client identifier, or group and device")
	case clientID == "" && !values.Has("group"):
		return "", missing("group is missing: device goes with group (which may be empty)")
	case clientID == "":
		clientID = event.JoinClientID(values.Get("group"), device)
	}
	if len(clientID) > longestID || !utf8.ValidString(clientID) {
		return "", invalid("a client identifier is UTF-8 and at most %d bytes long", longestID)
	}
	return clientID, nil
}

func (q *question) parsePage(values url.Values) error {
	q.request.Cursor = values.Get("cursor")
	q.request.Limit = presetLimit
	if text := values.Get("limit"); text != "" {
		limit, err := strconv.Atoi(text)
		if err != nil || limit < 1 || limit > mostLimit {
			return invalid("limit must be a whole number from 1 to %d", mostLimit)
		}
		q.request.Limit = limit
	}
	switch values.Get("order") {
	case "", "asc":
	case "desc":
		q.request.Descending = true
	default:
		return invalid("order must be asc or desc")
	}
	return nil
}

func (q *question) parseFormat(values url.Values) error {
	name := values.Get("format")
	if name == "" {
		name = "json"
	}
	known := false
	if q.format, known = formats[name]; !known {
		return invalid("format must be json, csv or ndjson")
	}
	return nil
}
