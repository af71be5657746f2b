package agent

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"devicetrace/pkg/event"
	"devicetrace/pkg/serve"
)

// parse converts the arguments of a call into parameters of the API, or returns a problem if they are
// invalid. It checks only names and types, because the API checks the values. It omits arguments that
// are null or empty. It replaces the client identifier by its stored form, which limits its length.
func (t tool) parse(arguments json.RawMessage) (url.Values, *serve.Problem) {
	var given map[string]any
	if len(arguments) > 0 {
		decoder := json.NewDecoder(strings.NewReader(string(arguments)))
		decoder.UseNumber()
		if decoder.Decode(&given) != nil {
			return nil, invalid("arguments must be a JSON object with %s", t.names())
		}
	}
	values := url.Values{}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(t.arguments, name) {
			return nil, &serve.Problem{Code: "UnknownParameter", Error: fmt.Sprintf("%.64q is not an argument of %s; use %s", name, t.name, t.names())}
		}
		text, ok := textOf(name, given[name])
		switch isTime := slices.Contains(times, name); {
		case isTime && (!ok || len(text) > maxTime):
			return nil, invalid("%s must be a time in RFC 3339 or Unix milliseconds", name)
		case !ok:
			return nil, invalid("%s must be a string", name)
		}
		if text != "" {
			values.Set(name, text)
		}
	}
	if values.Has("client") {
		values.Set("client", string(event.ClientID(values.Get("client")).Stored()))
	}
	return values, nil
}

// maxTime is the maximum length of a time in bytes. A time with nanoseconds and a UTC offset has 35.
const maxTime = 64

var times = []string{"from", "to", "at"}

// textOf returns the value of an argument as text, and reports whether its type is valid. A time can
// also be a JSON number, because models send Unix milliseconds as numbers.
func textOf(name string, value any) (text string, ok bool) {
	switch value := value.(type) {
	case nil:
		return "", true
	case string:
		return value, true
	case json.Number:
		_, err := strconv.ParseInt(value.String(), 10, 64)
		return value.String(), err == nil && slices.Contains(times, name)
	default:
		return "", false
	}
}

func (t tool) names() string { return strings.Join(t.arguments, ", ") }

func invalid(format string, args ...any) *serve.Problem {
	return &serve.Problem{Code: "InvalidParameter", Error: fmt.Sprintf(format, args...)}
}
