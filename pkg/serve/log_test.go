package serve

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLogLinesNameTheirRequest(t *testing.T) {
	var lines bytes.Buffer
	logger := slog.New(requestLog{slog.NewTextHandler(&lines, nil)}).With("function", "f")
	logger.InfoContext(withRequestID(t.Context(), "r1"), "within")
	require.Regexp(t, `msg=within function=f request_id=r1\n$`, lines.String())
	logger.InfoContext(t.Context(), "outside")
	require.Regexp(t, `msg=outside function=f\n$`, lines.String())
}
