package serve

import (
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// maxHost is the maximum length of a host name with its port, in bytes (RFC 1035, 2.3.4).
const maxHost = 255 + len(":65535")

// hostForm matches the hosts that a link may contain.
var hostForm = regexp.MustCompile(`^([0-9A-Za-z._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?$`)

// Origin returns the scheme and the host that a request was sent to, such as https://trace.example.com,
// for links in the response. If the host is missing or does not match hostForm, Origin returns "". The
// scheme comes from the header X-Forwarded-Proto. Function Compute does not send this header, so the
// default is https, except that it is http for an IP address or localhost without TLS.
func Origin(r *http.Request) string {
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
