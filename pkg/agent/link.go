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
