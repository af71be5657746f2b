package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestKeysRotateAndExpire(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	keys := newRole(func() time.Time { return now })
	first := keys.credentials()
	require.Equal(t, first, keys.credentials())

	now = now.Add(keyRotation)
	second := keys.credentials()
	require.NotEqual(t, first, second)
	secret, token, ok := keys.lookup(first.AccessKeyID)
	require.True(t, ok, "a replaced key stays valid for a while")
	require.Equal(t, first.AccessKeySecret, secret)
	require.Equal(t, first.SecurityToken, token)

	now = now.Add(keyLife - keyRotation)
	_, _, ok = keys.lookup(first.AccessKeyID)
	require.False(t, ok)
	_, _, ok = keys.lookup(second.AccessKeyID)
	require.True(t, ok)
	keys.credentials()
	require.Len(t, keys.all, 2, "expired keys are forgotten")
	_, _, ok = keys.lookup("unknown")
	require.False(t, ok)
}

func TestSettings(t *testing.T) {
	none := readSettings(func(string) string { return "" })
	require.Equal(t, settings{
		file: "s.yaml", host: "127.0.0.1", mqttHost: "127.0.0.1", port: "8080", mqttPort: "1883", dataDir: ".data", webhookToken: "local", queryToken: "local", adminToken: "local", openAPIKeys: "local:local-secret=*",
		user: "device", password: "devpass",
	}, none)
	for _, name := range []string{"WEBHOOK_TOKEN", "QUERY_TOKEN", "ADMIN_TOKEN"} {
		value, found := none.lookup(name)
		require.True(t, found)
		require.Equal(t, "local", value)
	}
	for _, name := range []string{"OSS_BUCKET", "DOMAIN", "CERT_NAME"} {
		t.Setenv(name, "")
		value, found := none.lookup(name)
		require.True(t, found, "make run needs no variable")
		require.NotEmpty(t, value)
	}
	t.Setenv("SHARDS", "256")
	value, found := none.lookup("SHARDS")
	require.True(t, found)
	require.Equal(t, "256", value)
}

func TestWelcomeShowsNoSecret(t *testing.T) {
	standard := readSettings(func(string) string { return "" })
	text := welcome(standard, "8080", "1883")
	require.Contains(t, text, `"Authorization: Bearer local" "http://127.0.0.1:8080/api/v1/trace?instance=local&client=sensor-1"`)
	require.Contains(t, text, "-p 1883 -u device -P devpass")

	own := readSettings(func(name string) string { return "hidden-" + name })
	text = welcome(own, "8080", "1883")
	require.Contains(t, text, "Bearer $QUERY_TOKEN")
	require.Contains(t, text, "-P $MQTT_PASSWORD")
	require.NotContains(t, text, "hidden-QUERY_TOKEN")
	require.NotContains(t, text, "hidden-MQTT_PASSWORD")
}

func TestDataIsLockedUntilReleased(t *testing.T) {
	s := settings{dataDir: t.TempDir() + "/new"}
	release, err := lockData(s)
	require.NoError(t, err)
	_, err = lockData(s)
	require.ErrorIs(t, err, errInUse)
	release()
	release, err = lockData(s)
	require.NoError(t, err)
	release()
}
