package record_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/record"
)

// stuck is a store that never finishes the put of a segment.
type stuck struct{ objstore.Store }

func (s stuck) Put(ctx context.Context, key string, body io.ReaderAt, size int64) error {
	if !strings.HasPrefix(key, layout.EventsPrefix) {
		return s.Store.Put(ctx, key, body, size)
	}
	<-ctx.Done()
	return ctx.Err()
}

// TestPutsGiveUp checks that a put gives up after PutTimeout, or at its caller's deadline if that
// comes first.
func TestPutsGiveUp(t *testing.T) {
	for _, c := range []struct{ configured, remaining, want time.Duration }{
		{0, time.Hour, record.DefaultPutTimeout},
		{0, 5 * time.Second, 5 * time.Second},
		{3 * time.Second, 5 * time.Second, 3 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWriter(t, stuck{memstore.New()}, record.Config{PutTimeout: c.configured})
			ctx, cancel := context.WithTimeout(t.Context(), c.remaining)
			defer cancel()
			began := time.Now()
			require.ErrorIs(t, w.Append(ctx, []event.Event{at("c", 0)}), context.DeadlineExceeded)
			require.Equal(t, c.want, time.Since(began))
		})
	}
}
