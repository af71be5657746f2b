package traceapi

import (
	"cmp"
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
	// Retention is how long events are kept, by default 30 days. The search for a device's status
	// goes back to the start of the UTC day that is Retention before now.
	Retention time.Duration
	// Now is the clock. The default is time.Now.
	Now func() time.Time
}

// Validate reports a missing or invalid field.
func (c Config) Validate() error {
	switch {
	case c.Reader == nil:
		return errors.New("traceapi: Reader is missing")
	case c.Retention < 0:
		return fmt.Errorf("traceapi: Retention is %s, want 0 or more", c.Retention)
	default:
		return nil
	}
}

func (c Config) withDefaults() Config {
	c.Retention = cmp.Or(c.Retention, 30*day)
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}
