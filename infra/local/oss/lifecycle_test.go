package oss

import (
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// bucketRules returns the rules that the project puts on its bucket.
func bucketRules(t *testing.T) string {
	text, err := os.ReadFile("../../operate/bucket/lifecycle.xml")
	require.NoError(t, err)
	return string(text)
}

func TestExpire(t *testing.T) {
	const day = 24 * time.Hour
	now := time.Now()
	s := open(t, func(cfg *Config) { cfg.Now = func() time.Time { return now } })
	for _, key := range []string{"layout/v1-shards16", "events/a", "events/b", "quarantine/c", "eventsx"} {
		put(t, s, key, "v")
	}
	removed, err := s.Expire(now.Add(365 * day))
	require.NoError(t, err)
	require.Zero(t, removed, "no rules yet")

	response, code, _ := send(t, s, signed("PUT", "", "lifecycle", bucketRules(t)))
	require.Equal(t, http.StatusOK, response.StatusCode, code)
	removed, err = s.Expire(now.Add(30*day - time.Second))
	require.NoError(t, err)
	require.Zero(t, removed)

	s.objects.index.set(entry{"events/b", 1, now.Add(day), &checksums{}}) // put again a day later
	removed, err = s.Expire(now.Add(30 * day))
	require.NoError(t, err)
	require.Equal(t, 2, removed)
	requireKeys(t, s, "events/b", "eventsx", "layout/v1-shards16")
}

func TestLifecycleRequests(t *testing.T) {
	s := open(t, nil)
	_, code, _ := send(t, s, signed("GET", "", "lifecycle", ""))
	require.Equal(t, "NoSuchLifecycle", code)

	rules := bucketRules(t)
	_, _, _ = send(t, s, signed("PUT", "", "lifecycle", rules))
	_, _, body := send(t, s, signed("GET", "", "lifecycle", ""))
	require.Equal(t, rules, body)

	for bad, want := range map[string]string{
		"":                          "MalformedXML",
		"<LifecycleConfiguration/>": "MalformedXML",
		"<LifecycleConfiguration><Rule><Status>Enabled</Status></Rule></LifecycleConfiguration>":                                                 "MalformedXML",
		"<LifecycleConfiguration><Rule><Status>Enabled</Status><Filter/><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>": "NotImplemented",
		"<LifecycleConfiguration><Rule><Status>On</Status><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>":               "MalformedXML",
		"<LifecycleConfiguration><Rule><Status>Enabled</Status><Expiration><Date>2026-01-01</Date></Expiration></Rule></LifecycleConfiguration>": "MalformedXML",
	} {
		_, code, _ := send(t, s, signed("PUT", "", "lifecycle", bad))
		require.Equal(t, want, code, bad)
	}
	_, _, body = send(t, s, signed("GET", "", "lifecycle", ""))
	require.Equal(t, rules, body)
	_, code, _ = send(t, s, signed("DELETE", "", "lifecycle", ""))
	require.Equal(t, "MethodNotAllowed", code)
}
