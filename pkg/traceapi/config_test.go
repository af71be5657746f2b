package traceapi

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/openapi"
	"devicetrace/pkg/query"
)

func TestNewNamesTheInvalidField(t *testing.T) {
	_, err := New(Config{})
	require.EqualError(t, err, "traceapi: Reader is missing")
	_, err = New(Config{Reader: &query.Reader{}, Retention: -time.Hour})
	require.EqualError(t, err, "traceapi: Retention is -1h0m0s, want 0 or more")
	_, err = New(Config{Reader: &query.Reader{}, Keys: []openapi.Key{{}}})
	require.ErrorContains(t, err, "Keys: key 1 needs both an id and a secret")
}
