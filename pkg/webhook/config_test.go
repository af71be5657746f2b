package webhook

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestNewNamesTheInvalidField(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"webhook: Recorder is missing": func(c *Config) { c.Recorder = nil },
		"webhook: Store is missing":    func(c *Config) { c.Store = nil },
		`webhook: TriggerInstance is "a b", want 1 to 128 letters, digits, '_', '-' or '.'`: func(c *Config) { c.TriggerInstance = "a b" },
		"webhook: Retention is -1h0m0s, want 0 or more":                                     func(c *Config) { c.Retention = -time.Hour },
		`webhook: Tokens: instance "*" has 5 tokens, want at most 4 (a token for all instances counts for each instance)`: func(c *Config) {
			for i := range 4 {
				require.NoError(t, c.Tokens.Add(fmt.Sprint("secret", i)))
			}
		},
		"webhook: BudgetBytes is -1, want 0 or at least 167837696":        func(c *Config) { c.BudgetBytes = -1 },
		"webhook: BudgetBytes is 167837695, want 0 or at least 167837696": func(c *Config) { c.BudgetBytes = MinBudget - 1 },
	} {
		config := (&harness{}).config()
		change(&config)
		_, err := New(config)
		require.EqualError(t, err, want)
	}
	config := (&harness{}).config()
	config.BudgetBytes = MinBudget
	_, err := New(config)
	require.NoError(t, err)
}

// TestDefaults checks that a Config needs only a recorder and a store.
func TestDefaults(t *testing.T) {
	h := &harness{}
	handler, err := New(Config{Recorder: h, Store: h})
	require.NoError(t, err)
	payload := fmt.Sprintf(`{"eventType":"connect","clientId":"c1","channelId":"x","time":%d}`, time.Now().UnixMilli())
	require.NoError(t, handler.Event(t.Context(), []byte(payload)))
	require.Len(t, h.recorded, 1)
	require.Equal(t, "apsaramq", string(h.recorded[0].InstanceID))
	require.WithinDuration(t, time.Now(), h.recorded[0].ReceivedAt, time.Minute)
}
