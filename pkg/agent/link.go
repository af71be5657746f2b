package agent

import (
	"net/url"

	"devicetrace/pkg/serve"
)

// deviceLink returns a link to the page about the device. The link repeats those arguments of the call
// that have the given names.
func (q question) deviceLink(names ...string) string {
	return q.link(url.Values{}, append([]string{"instance", "client"}, names...))
}

// fleetLink returns a link to the page about the fleet. The link repeats those arguments of the call that
// have the given names.
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

// setRange replaces from and to by the range in the API's response. The arguments may lack them, but the
// response always has both.
func (q question) setRange(from, to string) {
	q.values.Set("from", from)
	q.values.Set("to", to)
}
