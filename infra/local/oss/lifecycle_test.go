package oss

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestExpire(t *testing.T) {
	const day = 24 * time.Hour
	now := time.Now()
	rules, err := os.ReadFile("../../operate/bucket/lifecycle.xml")
	require.NoError(t, err)
	s := open(t, func(cfg *Config) {
		cfg.Now = func() time.Time { return now }
		cfg.Lifecycle = rules
	})
	for _, key := range []string{"layout/v3-shards16", "events/a", "events/b", "quarantine/c", "eventsx"} {
		put(t, s, key, "v")
	}
	removed, err := s.Expire(now.Add(30*day - time.Second))
	require.NoError(t, err)
	require.Zero(t, removed)

	// This simulates a second put of events/b one day later.
	s.objects.index.set(entry{"events/b", 1, now.Add(day), &checksums{}})
	removed, err = s.Expire(now.Add(30 * day))
	require.NoError(t, err)
	require.Equal(t, 2, removed)
	requireKeys(t, s, "events/b", "eventsx", "layout/v3-shards16")
}

func TestNothingExpiresWithoutRules(t *testing.T) {
	s := open(t, nil)
	put(t, s, "events/a", "v")
	removed, err := s.Expire(time.Now().AddDate(1, 0, 0))
	require.NoError(t, err)
	require.Zero(t, removed)
}

func TestOpenRefusesOtherRules(t *testing.T) {
	for rules, want := range map[string]string{
		"":                          "EOF",
		"<LifecycleConfiguration/>": "there is no rule",
		"<LifecycleConfiguration><Rule><Status>Enabled</Status></Rule></LifecycleConfiguration>":                                                 "no days",
		"<LifecycleConfiguration><Rule><Status>Enabled</Status><Filter/><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>": "element Filter is not implemented",
		"<LifecycleConfiguration><Rule><Status>On</Status><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>":               `status "On" is not known`,
		"<LifecycleConfiguration><Rule><Status>Enabled</Status><Expiration><Date>2026-01-01</Date></Expiration></Rule></LifecycleConfiguration>": "no days",
	} {
		_, err := Open(Config{Dir: t.TempDir(), Lifecycle: []byte(rules)})
		require.ErrorContains(t, err, want, rules)
	}
}

// Like OSS, the stand-in must refuse rules whose prefixes overlap, in either order.
func TestOpenRefusesOverlappingPrefixes(t *testing.T) {
	for _, prefixes := range [][2]string{{"events/", "events/instance=prod/"}, {"events/instance=prod/", "events/"}, {"events/", "events/"}} {
		rules := "<LifecycleConfiguration>"
		for _, prefix := range prefixes {
			rules += "<Rule><Status>Enabled</Status><Prefix>" + prefix + "</Prefix><Expiration><Days>1</Days></Expiration></Rule>"
		}
		_, err := Open(Config{Dir: t.TempDir(), Lifecycle: []byte(rules + "</LifecycleConfiguration>")})
		require.ErrorContains(t, err, "overlap")
	}
}

// The per-instance rules must delete each listed instance's events after the number of days set for
// that instance. They must never delete the layout marker.
func TestExpirePerInstance(t *testing.T) {
	const day = 24 * time.Hour
	now := time.Now()
	rules, err := os.ReadFile("../../operate/bucket/lifecycle-per-instance.xml")
	require.NoError(t, err)
	s := open(t, func(cfg *Config) { cfg.Lifecycle = rules })
	for _, key := range []string{"layout/v3-shards16", "events/instance=prod/a", "events/instance=test/b", "events/instance=unlisted/c", "quarantine/d"} {
		put(t, s, key, "v")
	}
	_, err = s.Expire(now.Add(8 * day))
	require.NoError(t, err)
	requireKeys(t, s, "events/instance=prod/a", "events/instance=unlisted/c", "layout/v3-shards16", "quarantine/d")
	_, err = s.Expire(now.Add(91 * day))
	require.NoError(t, err)
	requireKeys(t, s, "events/instance=unlisted/c", "layout/v3-shards16")
}
