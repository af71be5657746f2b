package traceapi

import (
	"net/http"
)

// trace returns a response with a device's events in a time range.
func (a api) trace(r *http.Request, may permission) (response, error) {
	parsed, err := parseTrace(r.URL.RawQuery, a.now())
	if err != nil {
		return nil, err
	}
	if err := may(parsed.request.InstanceID); err != nil {
		return nil, err
	}
	found, err := a.reader.Trace(r.Context(), parsed.request)
	if err != nil {
		return nil, err
	}
	reportUnreadable(r.Context(), found)
	return newTracePage(parsed.format, found).write, nil
}
