package traceapi

import "net/http"

// trace returns a response with a device's events in a time range.
func (a api) trace(r *http.Request, may permission, large *slot) (response, error) {
	parsed, err := parseTrace(r.URL.RawQuery, a.now())
	if err != nil {
		return nil, err
	}
	if err := may.read(parsed.request.InstanceID); err != nil {
		return nil, err
	}
	s, err := a.open(r.Context(), parsed.request)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	page, err := readPage(r.Context(), parsed.format, s, parsed.request.Limit, large)
	if err != nil {
		return nil, err
	}
	result := s.Result()
	if page.absent, err = a.absenceOf(r.Context(), may, parsed.request.InstanceID, &result); err != nil {
		return nil, err
	}
	return page.with(r.Context(), result).write, nil
}
