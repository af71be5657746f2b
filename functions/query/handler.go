package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"devicetrace/pkg/query"
	"devicetrace/pkg/serve"
)

// tracer answers from the bucket: query.Reader.
type tracer interface {
	Trace(ctx context.Context, request query.Request) (query.Answer, error)
}

// traces answers GET /api/v1/trace.
type traces struct {
	reader tracer
	now    func() time.Time
}

const tracePath = "/api/v1/trace"

// newHandler lets only requests with the token reach the traces.
func newHandler(token string, t traces) http.Handler {
	authorised := serve.Bearer(token, readOnly(t))
	front := readOnly(http.HandlerFunc(hint))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case tracePath:
			authorised.ServeHTTP(w, r)
		case "/":
			front.ServeHTTP(w, r)
		default:
			serve.Fail(w, http.StatusNotFound, "NotFound", "there is no such path; ask "+tracePath)
		}
	})
}

// readOnly lets only GET and HEAD through.
func readOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			serve.NotAllowed(w, "GET, HEAD")
			return
		}
		next.ServeHTTP(w, r)
	})
}

const hintText = `Device Trace: why did this device drop?

  curl -H "Authorization: Bearer $QUERY_TOKEN" "<this address>` + tracePath + `?instance=<instance>&client=<client>"
`

// hint says where the API is.
func hint(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Write([]byte(hintText))
}

func (t traces) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	question, err := parseQuestion(r.URL.RawQuery, t.now())
	if err != nil {
		badRequest(w, err)
		return
	}
	answer, err := t.reader.Trace(r.Context(), question.request)
	switch {
	case errors.Is(err, query.ErrCursor):
		badRequest(w, fault{"InvalidCursor", "cursor is not one that this API gave"})
	case err != nil:
		slog.ErrorContext(r.Context(), "not answered", "error", err.Error())
		serve.TryLater(w, http.StatusServiceUnavailable, "StoreUnavailable", "the bucket could not be read: ask again later")
	default:
		reportUnreadable(r.Context(), answer)
		write(w, question.format, answer)
	}
}

// reportUnreadable tells the operator too, since the one who asks may not.
func reportUnreadable(ctx context.Context, answer query.Answer) {
	if n := len(answer.Unreadable); n > 0 {
		first := answer.Unreadable[0]
		slog.ErrorContext(ctx, "unreadable objects", "count", n, "first_key", first.Key, "first_error", first.Error)
	}
}

func badRequest(w http.ResponseWriter, err error) {
	var f fault
	if !errors.As(err, &f) {
		f = fault{"InvalidParameter", err.Error()}
	}
	serve.Fail(w, http.StatusBadRequest, f.code, f.sentence)
}
