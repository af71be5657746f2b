package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWireNamesWhatIsMissing(t *testing.T) {
	_, err := wire(func(string) string { return "" })
	for _, name := range []string{"OSS_ENDPOINT", "OSS_REGION", "OSS_BUCKET", "WEBHOOK_TOKEN"} {
		require.ErrorContains(t, err, name)
	}
}

func TestWire(t *testing.T) {
	variables := map[string]string{
		"OSS_ENDPOINT": "http://127.0.0.1:1", "OSS_REGION": "cn-hangzhou", "OSS_BUCKET": "trace",
		"WEBHOOK_TOKEN": "secret",
	}
	function, err := wire(func(name string) string { return variables[name] })
	require.NoError(t, err)
	require.Equal(t, "recorder", function.Name)
	require.NotNil(t, function.Credentials)
}
