package serve

import (
	"context"
	"log/slog"
	"os"
)

// setLog makes the default logger write JSON lines to standard error. Each line contains the
// name of the function and, during a request, the request id.
func setLog(function string) {
	lines := requestLog{slog.NewJSONHandler(os.Stderr, nil)}
	slog.SetDefault(slog.New(lines).With("function", function))
}

// requestLog adds the request id from the context to each record.
type requestLog struct{ slog.Handler }

func (l requestLog) Handle(ctx context.Context, record slog.Record) error {
	if id := RequestID(ctx); id != "" {
		record.AddAttrs(slog.String("request_id", id))
	}
	return l.Handler.Handle(ctx, record)
}

func (l requestLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return requestLog{l.Handler.WithAttrs(attrs)}
}

func (l requestLog) WithGroup(name string) slog.Handler {
	return requestLog{l.Handler.WithGroup(name)}
}
