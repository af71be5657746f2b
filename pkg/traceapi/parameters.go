package traceapi

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"devicetrace/pkg/query"
)

const (
	defaultLimit = 1000
	maxLimit     = 5000
)

// parameterError holds the code and the message of a response with status 400.
type parameterError struct{ code, message string }

func (f parameterError) Error() string { return f.message }

func invalid(format string, args ...any) error {
	return parameterError{"InvalidParameter", fmt.Sprintf(format, args...)}
}

func missing(message string) error { return parameterError{"MissingParameter", message} }

// traceRequest holds the parsed parameters of a trace request.
type traceRequest struct {
	request query.Request
	format  format
	style   *style // nil unless the response is plain text
}

// deviceParameters identify the device of a request. Every path accepts them.
var deviceParameters = []string{"instance", "client", "group", "device"}

var traceParameters = slices.Concat(deviceParameters,
	[]string{"from", "to", "action", "action_info", "order", "limit", "cursor", "format", "bom", "lang", "tz", "explain"})

// parseTrace parses the parameters of a trace. Every error is a parameterError.
func parseTrace(rawQuery string, now time.Time) (traceRequest, error) {
	values, err := parseValues(rawQuery, traceParameters)
	if err != nil {
		return traceRequest{}, err
	}
	var q traceRequest
	for _, parse := range []func(url.Values) error{
		q.parseDevice,
		func(v url.Values) error { return q.parseSpan(v, now) },
		q.parseFilter,
		q.parsePage,
		q.parseFormat,
	} {
		if err := parse(values); err != nil {
			return traceRequest{}, err
		}
	}
	return q, nil
}

// parseValues parses the query string of a URL. It rejects a name that is not one of the given
// names, and a name that occurs twice. It keeps empty values. Its callers treat an empty value as
// missing, except for the parameter "group", which may be empty.
func parseValues(rawQuery string, names []string) (url.Values, error) {
	values, err := url.ParseQuery(rawQuery)
	if err != nil {
		return nil, invalid("the parameters are not properly percent-encoded")
	}
	for name, given := range values {
		if !slices.Contains(names, name) {
			return nil, unknownParameter(name, names)
		}
		if len(given) > 1 {
			return nil, parameterError{"RepeatedParameter", name + " is given more than once"}
		}
	}
	return values, nil
}

func unknownParameter(name string, names []string) error {
	use := "it has no parameters"
	if len(names) > 0 {
		use = "use " + strings.Join(names, ", ")
	}
	return parameterError{"UnknownParameter", fmt.Sprintf("%.64q is not a parameter of this path; %s", name, use)}
}

func (q *traceRequest) parseDevice(values url.Values) error {
	d, err := parseDevice(values)
	q.request.InstanceID, q.request.ClientID = d.instanceID, d.clientID
	return err
}

func (q *traceRequest) parseSpan(values url.Values, now time.Time) (err error) {
	q.request.From, q.request.To, err = parseSpan(values, now)
	return err
}

func (q *traceRequest) parsePage(values url.Values) error {
	q.request.Cursor = values.Get("cursor")
	limit, err := parseLimit(values, defaultLimit, maxLimit)
	if err != nil {
		return err
	}
	q.request.Limit = limit
	switch values.Get("order") {
	case "", "asc":
	case "desc":
		q.request.Descending = true
	default:
		return invalid("order must be asc or desc")
	}
	return nil
}

// parseLimit parses the parameter limit, a number from 1 to max. If the parameter is missing, it
// returns standard.
func parseLimit(values url.Values, standard, max int) (int, error) {
	text := values.Get("limit")
	if text == "" {
		return standard, nil
	}
	limit, err := strconv.Atoi(text)
	if err != nil || limit < 1 || limit > max {
		return 0, invalid("limit must be a whole number from 1 to %d", max)
	}
	return limit, nil
}

func (q *traceRequest) parseFormat(values url.Values) error {
	style, err := parseOnlyText(values, "json", "csv", "ndjson")
	if err != nil {
		return err
	}
	name := cmp.Or(values.Get("format"), "json")
	q.format, q.style = formats[name], style
	if style != nil {
		q.format = style.rowFormat()
	}
	bom, err := parseBOM(values, name)
	if err != nil {
		return err
	}
	if bom {
		q.format = q.format.withBOM()
	}
	return q.parseExplain(values, name)
}

func (q *traceRequest) parseExplain(values url.Values, format string) (err error) {
	q.request.Explain, err = parseFlag(values, "explain")
	if err == nil && q.request.Explain && format != "json" {
		return invalid("explain=1 requires format=json")
	}
	return err
}

// parseOneOf parses a parameter that must have one of the given values. The default is the first of
// them.
func parseOneOf(values url.Values, name string, allowed ...string) (string, error) {
	value := cmp.Or(values.Get(name), allowed[0])
	if !slices.Contains(allowed, value) {
		last := len(allowed) - 1
		return "", invalid("%s must be %s or %s", name, strings.Join(allowed[:last], ", "), allowed[last])
	}
	return value, nil
}

// parseFlag parses a parameter whose value must be 0 or 1. The default is 0.
func parseFlag(values url.Values, name string) (on bool, err error) {
	switch values.Get(name) {
	case "", "0":
		return false, nil
	case "1":
		return true, nil
	default:
		return false, invalid("%s must be 0 or 1", name)
	}
}
