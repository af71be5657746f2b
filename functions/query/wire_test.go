package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWireNamesWhatIsMissing(t *testing.T) {
	_, err := wire(func(string) string { return "" })
	for _, name := range []string{"OSS_ENDPOINT", "OSS_REGION", "OSS_BUCKET", "QUERY_TOKEN"} {
		require.ErrorContains(t, err, name)
	}
}

func TestWire(t *testing.T) {
	variables := map[string]string{
		"OSS_ENDPOINT": "http://127.0.0.1:1", "OSS_REGION": "cn-hangzhou", "OSS_BUCKET": "trace",
		"QUERY_TOKEN": "secret",
	}
	function, err := wire(func(name string) string { return variables[name] })
	require.NoError(t, err)
	require.NotNil(t, function.Handler)
	require.Equal(t, 64, function.MaxRequests, "a query server must be limited by default")
	variables["OPENAPI_KEYS"] = "id:hidden-secret"
	_, err = wire(func(name string) string { return variables[name] })
	require.ErrorContains(t, err, "OPENAPI_KEYS")
	require.NotContains(t, err.Error(), "hidden-secret")
	require.NotNil(t, function.Credentials)
	variables["OPENAPI_KEYS"], variables["SHARDS"] = "", "5"
	_, err = wire(func(name string) string { return variables[name] })
	require.EqualError(t, err, `environment variable SHARDS is "5", want 16, 256 or 4096`)
	variables["SHARDS"], variables["RETENTION_DAYS"] = "", "0"
	_, err = wire(func(name string) string { return variables[name] })
	require.EqualError(t, err, `environment variable RETENTION_DAYS is "0", want a whole number from 1 to 36500`)
}
