package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWireNamesWhatIsMissing(t *testing.T) {
	_, err := wire(func(string) string { return "" })
	for _, name := range []string{"OSS_ENDPOINT", "OSS_REGION", "OSS_BUCKET"} {
		require.ErrorContains(t, err, name)
	}
}

func TestWire(t *testing.T) {
	variables := map[string]string{
		"OSS_ENDPOINT": "http://127.0.0.1:1", "OSS_REGION": "cn-hangzhou", "OSS_BUCKET": "trace",
	}
	function, err := wire(func(name string) string { return variables[name] })
	require.NoError(t, err)
	require.NotNil(t, function.Event)
	require.NotNil(t, function.Credentials)
}
