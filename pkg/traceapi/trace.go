package traceapi

import (
	"net/http"
)

// trace answers what happened to a device in a span.
func (a api) trace(r *http.Request, may permission) (answer, error) {
	traceRequest, err := parseTrace(r.URL.RawQuery, a.now())
	if err != nil {
		return nil, err
	}
	if err := may(traceRequest.request.InstanceID); err != nil {
		return nil, err
	}
	found, err := a.reader.Trace(r.Context(), traceRequest.request)
	if err != nil {
		return nil, err
	}
	reportUnreadable(r.Context(), found)
	return newTracePage(traceRequest.format, found).write, nil
}
