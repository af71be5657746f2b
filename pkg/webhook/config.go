package webhook

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/quarantine"
	"devicetrace/pkg/serve"
)

// Recorder makes events durable. *record.Writer implements it.
type Recorder interface {
	// Append returns nil only after all events are durable. It returns a *record.SpreadError if the
	// events belong to too many partitions.
	Append(ctx context.Context, events []event.Event) error
}

// Store is the part of an object store that the quarantine needs.
type Store interface {
	quarantine.Putter
	quarantine.Reader
}

// Config configures a Handler. Only Recorder and Store are required. A zero value in any other
// field means its default.
type Config struct {
	// Recorder records the events. Required.
	Recorder Recorder
	// Store holds the quarantine. Required.
	Store Store
	// Tokens are the senders' tokens, each with the instances that it covers. CheckSigning must
	// accept them. If Tokens is empty, only triggers can deliver events.
	Tokens serve.Tokens
	// AdminToken is the bearer token for the quarantine endpoints. If it is empty, these endpoints
	// respond with 404.
	AdminToken string
	// TriggerInstance is the instance under which events from triggers are recorded. Default:
	// broker.ApsaraMQ, the name of their source.
	TriggerInstance event.InstanceID
	// Retention is how long rows are kept. Older events are quarantined on arrival. Zero means no
	// limit.
	Retention time.Duration
	// BudgetBytes is the memory, in bytes, for the bodies, decompressed bodies and events of all
	// authorized requests in progress. It must be at least MinBudget. Default 192 MiB, which suits
	// a function with 512 MB of memory. Requests whose signature is not checked yet have a separate
	// budget of 32 MiB.
	BudgetBytes int64
	// Transport makes the requests that confirm brokers' handshakes. Default:
	// http.DefaultTransport, as in http.Client.
	Transport http.RoundTripper
	// Random supplies the 32 random bits that identify each delivery. If two deliveries in the same
	// millisecond had the same bits, their events without a time could collapse into one. Random
	// must be safe for concurrent use. Default: crypto/rand.Reader.
	Random io.Reader
	// Now is the clock for the received times of deliveries. Default: time.Now.
	Now func() time.Time
}

// Validate reports a missing or invalid field.
func (c Config) Validate() error {
	switch {
	case c.Recorder == nil:
		return errors.New("webhook: Recorder is missing")
	case c.Store == nil:
		return errors.New("webhook: Store is missing")
	case c.TriggerInstance != "" && !c.TriggerInstance.Valid():
		return fmt.Errorf("webhook: TriggerInstance is %q, want %s", c.TriggerInstance, event.InstanceIDRule)
	case c.Retention < 0:
		return fmt.Errorf("webhook: Retention is %s, want 0 or more", c.Retention)
	case c.BudgetBytes != 0 && c.BudgetBytes < MinBudget:
		return fmt.Errorf("webhook: BudgetBytes is %d, want 0 or at least %d", c.BudgetBytes, int64(MinBudget))
	}
	if err := c.Tokens.CheckSigning(); err != nil {
		return fmt.Errorf("webhook: Tokens: %w", err)
	}
	return nil
}

func (c Config) withDefaults() Config {
	c.TriggerInstance = cmp.Or(c.TriggerInstance, triggerRoute)
	c.BudgetBytes = cmp.Or(c.BudgetBytes, 192<<20)
	if c.Random == nil {
		c.Random = rand.Reader
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}
