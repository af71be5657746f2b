package traceapi

import (
	"errors"
	"fmt"
	"time"

	"devicetrace/pkg/openapi"
	"devicetrace/pkg/query"
	"devicetrace/pkg/serve"
)

// Config configures the handler. The zero value of a field means its default.
type Config struct {
	// Reader reads the events. Required.
	Reader *query.Reader
	// Tokens are the bearer tokens of the API, each with the instances that it covers. If there
	// are none, the API refuses every request.
	Tokens serve.Tokens
	// Keys are the AccessKeys of Alibaba's OpenAPI. If there are none, Alibaba's OpenAPI refuses
	// every request.
	Keys []openapi.Key
	// Lookback limits the search for a device's status. The search covers the UTC day of the
	// requested instant and goes back at most Lookback before that day. If Lookback is zero, only
	// that day is searched. For the current status, now plus event.MaxAhead counts as the requested
	// instant, because the status includes events up to that time.
	Lookback time.Duration
	// Now is the clock. The default is time.Now.
	Now func() time.Time
}

// Validate reports a missing or invalid field.
func (c Config) Validate() error {
	switch {
	case c.Reader == nil:
		return errors.New("traceapi: Reader is missing")
	case c.Lookback < 0:
		return fmt.Errorf("traceapi: Lookback is %s, want 0 or more", c.Lookback)
	default:
		return nil
	}
}

func (c Config) withDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}
