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
	page = page.with(r.Context(), result)
	if parsed.style != nil {
		end := tableEnd{page.nextCursor, page.incomplete, page.absent, page.receipt}
		return textResponse(parsed.style.linked(r).traceText(page, parsed.request), end), nil
	}
	return page.write, nil
}
