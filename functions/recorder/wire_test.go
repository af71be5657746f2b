package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/serve"
)

func TestWireNamesWhatIsMissing(t *testing.T) {
	_, err := wire(func(string) string { return "" })
	for _, name := range []string{"OSS_ENDPOINT", "OSS_REGION", "OSS_BUCKET", "WEBHOOK_TOKEN"} {
		require.ErrorContains(t, err, name)
	}
}

// wireWith calls wire with the given environment variables and with those that configure a bucket.
func wireWith(variables map[string]string) (serve.Function, error) {
	bucket := map[string]string{"OSS_ENDPOINT": "http://127.0.0.1:1", "OSS_REGION": "cn-hangzhou", "OSS_BUCKET": "trace"}
	return wire(func(name string) string { return variables[name] + bucket[name] })
}

func TestWire(t *testing.T) {
	for _, variables := range []map[string]string{
		{"WEBHOOK_TOKEN": "secret"},
		{"WEBHOOK_TOKENS": "secret=prod", "LINGER": "2000"},
		{"WEBHOOK_TOKEN": "secret", "WEBHOOK_TOKENS": "other=prod", "ADMIN_TOKEN": "admin", "TRIGGER_INSTANCE": "mqtt-cn.1"},
	} {
		function, err := wireWith(variables)
		require.NoError(t, err)
		require.NotNil(t, function.Credentials)
		require.NotNil(t, function.Event)
	}
}

func TestWireNamesWhatIsWrong(t *testing.T) {
	for want, variables := range map[string]map[string]string{
		"environment variable WEBHOOK_TOKEN is not set, and neither is WEBHOOK_TOKENS: set at least one of them": {},
		`environment variable WEBHOOK_TOKENS is wrong: part 1: has no "=", want token=instance,instance`:         {"WEBHOOK_TOKENS": "hush"},
		`environment variable TRIGGER_INSTANCE is "a b", want 1 to 128 letters, digits, '_', '-' or '.'`:         {"WEBHOOK_TOKEN": "hush", "TRIGGER_INSTANCE": "a b"},
		"environment variable WEBHOOK_TOKEN is wrong: this token was given before":                               {"WEBHOOK_TOKEN": "hush", "WEBHOOK_TOKENS": "hush=prod"},
		`environment variable WEBHOOK_TOKENS is wrong: instance "a" has 5 tokens, want at most 4 (a token for all instances counts for each instance)`: {
			"WEBHOOK_TOKEN": "hush", "WEBHOOK_TOKENS": "hush1=a;hush2=a;hush3=a;hush4=a",
		},
		"environment variable ADMIN_TOKEN is wrong: a token must consist of visible ASCII characters and must not be empty": {"WEBHOOK_TOKEN": "hush", "ADMIN_TOKEN": "hüsh"},
		`environment variable SHARDS is "5", want 16, 256 or 4096`:                                                          {"WEBHOOK_TOKEN": "hush", "SHARDS": "5"},
		`environment variable RETENTION_DAYS is "0", want a whole number from 1 to 36500`:                                   {"WEBHOOK_TOKEN": "hush", "RETENTION_DAYS": "0"},
		`environment variable LINGER is "2001", want a whole number from 0 to 2000`:                                         {"WEBHOOK_TOKEN": "hush", "LINGER": "2001"},
	} {
		_, err := wireWith(variables)
		require.EqualError(t, err, want)
	}
}
