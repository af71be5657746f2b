package agent

import (
	"net/url"

	"devicetrace/pkg/serve"
)

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
	return serve.Origin(q.request) + "/?" + parameters.Encode()
}

// setRange replaces the range by that of the response, which is never missing.
func (q question) setRange(from, to string) {
	q.values.Set("from", from)
	q.values.Set("to", to)
}
