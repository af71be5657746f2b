package oss

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// For the given number of days after an object's last put, a retention policy must prevent the
// object from being replaced or deleted. It must not affect older objects or unused keys.
func TestRetentionPolicy(t *testing.T) {
	s := open(t, func(c *Config) { c.RetentionDays = 2 })
	put(t, s, "young", "v")
	put(t, s, "old", "v")
	s.objects.index.set(entry{"old", 1, time.Now().Add(-48 * time.Hour), &checksums{}})

	response, code, _ := send(t, s, signed("PUT", "young", "", "w"))
	require.Equal(t, http.StatusConflict, response.StatusCode)
	require.Equal(t, "FileImmutable", code)
	body := "<Delete><Object><Key>old</Key></Object><Object><Key>young</Key></Object></Delete>"
	_, code, _ = send(t, s, signed("POST", "", "delete&encoding-type=url", body, "Content-MD5", digest(body)))
	require.Equal(t, "FileImmutable", code)
	requireKeys(t, s, "old", "young")

	remove(t, s, "old")
	remove(t, s, "absent")
	requireKeys(t, s, "young")
}

func TestGetRetention(t *testing.T) {
	_, code, _ := send(t, open(t, nil), signed("GET", "", "worm", ""))
	require.Equal(t, "NoSuchWORMConfiguration", code)
	response, _, body := send(t, open(t, func(c *Config) { c.RetentionDays = 30 }), signed("GET", "", "worm", ""))
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Contains(t, body, "<State>Locked</State><RetentionPeriodInDays>30</RetentionPeriodInDays>")
}
