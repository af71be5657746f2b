package ossstore_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/oss"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/ossstore"
)

// In a bucket with a retention policy, replacing and deleting an object must fail without a retry,
// and the error must name the policy.
func TestRetentionPolicy(t *testing.T) {
	stand := standIn(t, func(c *oss.Config) { c.RetentionDays = 1 })
	counting := objstore.NewCounting(connect(t, stand, nil))
	store := objstore.Retrying(counting, objstore.RetryPolicy{})
	require.NoError(t, store.Put(t.Context(), "k", strings.NewReader("v"), 1))
	require.NoError(t, store.Delete(t.Context(), "absent"))
	counting.Reset()

	put := store.Put(t.Context(), "k", strings.NewReader("w"), 1)
	require.ErrorIs(t, put, objstore.ErrImmutable)
	require.ErrorContains(t, put, "Device Trace needs a bucket without such a policy")
	require.ErrorContains(t, put, "FileImmutable")
	deleted := store.Delete(t.Context(), "absent", "k")
	require.ErrorIs(t, deleted, objstore.ErrImmutable)
	var failed *objstore.DeleteError
	require.ErrorAs(t, deleted, &failed)
	require.Equal(t, 2, counting.Requests(), "retrying cannot help")
	content, err := store.Read(t.Context(), "k", 0, 1)
	require.NoError(t, err)
	require.Equal(t, "v", string(content))
}

func TestRetention(t *testing.T) {
	for days, want := range map[int]ossstore.Retention{0: {}, 30: {Days: 30, Locked: true}} {
		found, err := connect(t, standIn(t, func(c *oss.Config) { c.RetentionDays = days }), nil).Retention(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, found)
	}
	for state, want := range map[string]ossstore.Retention{"InProgress": {Days: 5}, "Locked": {Days: 5, Locked: true}, "Expired": {}} {
		handler := func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("<WormConfiguration><State>" + state + "</State><RetentionPeriodInDays>5</RetentionPeriodInDays></WormConfiguration>"))
		}
		found, err := connect(t, http.HandlerFunc(handler), nil).Retention(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, found, state)
	}
	refusing := func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte("<Error><Code>AccessDenied</Code></Error>"))
	}
	_, err := connect(t, http.HandlerFunc(refusing), nil).Retention(t.Context())
	require.ErrorContains(t, err, "get retention policy")
	require.True(t, objstore.IsPermanent(err))
	missing := func(w http.ResponseWriter, _ *http.Request) { // not the response of a bucket without a policy
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte("<Error><Code>NoSuchBucket</Code></Error>"))
	}
	_, err = connect(t, http.HandlerFunc(missing), nil).Retention(t.Context())
	require.ErrorContains(t, err, "NoSuchBucket")
}
