package traceapi

import (
	"net/http"
)

// trace answers what happened to a device in a span.
func (a api) trace(r *http.Request, may permission) (answer, error) {
	question, err := parseTrace(r.URL.RawQuery, a.now())
	if err != nil {
		return nil, err
	}
	if err := may(question.request.InstanceID); err != nil {
		return nil, err
	}
	found, err := a.reader.Trace(r.Context(), question.request)
	if err != nil {
		return nil, err
	}
	reportUnreadable(r.Context(), found)
	return newPage(question.format, found).write, nil
}
