package agent

import (
	"net/http"
	"net/url"
)

// maxHost is the maximum length of a host name with its port, in bytes (RFC 1035, 2.3.4).
const maxHost = 255 + len(":65535")

// deviceLink returns the link to the page about a device. Of the given parameters, it contains those
// that are not empty.
func (q question) deviceLink(names ...string) string {
	return q.link(url.Values{}, append([]string{"instance", "client"}, names...))
}

// fleetLink is like deviceLink, for the page about the fleet.
func (q question) fleetLink(names ...string) string {
	return q.link(url.Values{"view": {"fleet"}}, append([]string{"instance"}, names...))
}

func (q question) link(parameters url.Values, names []string) string {
	for _, name := range names {
		if q.values.Has(name) {
			parameters.Set(name, q.values.Get(name))
		}
	}
	link := url.URL{Path: "/", RawQuery: parameters.Encode()}
	if len(q.request.Host) <= maxHost {
		link.Scheme, link.Host = schemeOf(q.request), q.request.Host
	}
	return link.String()
}

// with returns a question with other values of some parameters, such as the range of a response.
// names alternates between names and values.
func (q question) with(names ...string) question {
	values := url.Values{}
	for name := range q.values {
		values.Set(name, q.values.Get(name))
	}
	for i := 0; i < len(names); i += 2 {
		values.Set(names[i], names[i+1])
	}
	return question{q.request, values}
}

// schemeOf returns the scheme under which the client reached the function: that of the proxy in front
// of it, or its own.
func schemeOf(r *http.Request) string {
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		return "https"
	}
	return "http"
}
