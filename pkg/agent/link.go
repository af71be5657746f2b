package agent

import (
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
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
	return originOf(q.request) + "/?" + parameters.Encode()
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

// hostForm matches the hosts that a link may contain.
var hostForm = regexp.MustCompile(`^([0-9A-Za-z._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?$`)

// originOf returns the scheme and the host that a request was sent to, or "" if the host is missing or
// unusual. The rule for the scheme is that of the API's text: Function Compute does not pass it on,
// so it is https unless the header X-Forwarded-Proto states it, or the host is an address or this
// machine.
func originOf(r *http.Request) string {
	if len(r.Host) > maxHost || !hostForm.MatchString(r.Host) {
		return ""
	}
	scheme := strings.ToLower(r.Header.Get("X-Forwarded-Proto"))
	switch {
	case scheme == "http", scheme == "https":
	case r.TLS == nil && isAddress(r.Host):
		scheme = "http"
	default:
		scheme = "https"
	}
	return scheme + "://" + r.Host
}

// isAddress reports whether a host is an IP address or localhost.
func isAddress(host string) bool {
	name := (&url.URL{Host: host}).Hostname()
	return name == "localhost" || net.ParseIP(name) != nil
}
