package traceapi

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // the function's runtime may have no time zones

	"devicetrace/pkg/console"
	"devicetrace/pkg/serve"
)

// textFormat is the value of the parameter format that asks for plain text.
const textFormat = "text"

// style holds the language and the time zone of a response in plain text, and the origin of its links.
type style struct {
	console.Words
	// origin is the scheme and the host of links, such as https://trace.example.com. If it is empty,
	// links begin with a slash.
	origin string
}

// parseStyle parses the parameters format, lang and tz. The format must be one of the given formats or
// text, and the default is the first of them. parseStyle returns nil if the format is not text. A
// response in plain text does not depend on the header Accept-Language.
func parseStyle(values url.Values, formats ...string) (*style, error) {
	format, err := parseOneOf(values, "format", append(slices.Clone(formats), textFormat)...)
	if err != nil {
		return nil, err
	}
	if format != textFormat {
		if values.Get("tz") != "" {
			return nil, invalid("tz requires format=text: in every other format, times are in UTC")
		}
		return nil, nil
	}
	lang, err := parseLang(values.Get("lang"), "")
	if err != nil {
		return nil, err
	}
	zone, err := parseZone(values.Get("tz"))
	if err != nil {
		return nil, err
	}
	return &style{Words: console.In(string(lang), zone)}, nil
}

// parseOnlyText is like parseStyle, for a path whose parameter lang requires format=text.
func parseOnlyText(values url.Values, formats ...string) (*style, error) {
	s, err := parseStyle(values, formats...)
	if err == nil && s == nil && values.Get("lang") != "" {
		return nil, invalid("lang requires format=text")
	}
	return s, err
}

// parseZone returns the time zone with the given IANA name. The default is UTC.
func parseZone(name string) (*time.Location, error) {
	name = strings.ReplaceAll(cmp.Or(name, "UTC"), " ", "+") // the "+" of Etc/GMT+8 arrives as a space if it is not percent-encoded
	zone, err := time.LoadLocation(name)
	if err != nil || zone == time.Local {
		return nil, invalid("tz %.64q is not a known time zone; use an IANA name such as UTC, Asia/Shanghai or Europe/Berlin", name)
	}
	return zone, nil
}

// linked returns a copy of the style whose links lead to the server that received the request.
func (s style) linked(r *http.Request) *style {
	s.origin = serve.Origin(r)
	return &s
}

// link returns a URL of the page. parameters holds alternating names and values. link omits parameters
// whose value is empty.
func (s *style) link(parameters ...string) string {
	var query []string
	for i := 0; i < len(parameters); i += 2 {
		if value := parameters[i+1]; value != "" {
			query = append(query, parameters[i]+"="+url.QueryEscape(value))
		}
	}
	return s.origin + "/?" + strings.Join(query, "&")
}

// datum makes a string from a device or a broker safe for a line of text.
func (s *style) datum(value string) string { return s.Plain(value, console.MaxDatum) }
