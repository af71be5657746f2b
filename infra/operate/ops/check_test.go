package main

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/oss"
	"devicetrace/pkg/event"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/ossstore"
	"devicetrace/pkg/record"
)

// usedBucket starts an OSS stand-in with a bucket that contains one event. It returns the
// environment variables that the check command needs, and a store for the bucket.
func usedBucket(t *testing.T) (environment map[string]string, store objstore.Store) {
	return usedBucketBehind(t, 0, func(stand http.Handler) http.Handler { return stand })
}

// usedBucketBehind is like usedBucket, but passes the stand-in's handler through wrap. If
// retentionDays is not 0, the bucket has a retention policy of that many days.
func usedBucketBehind(t *testing.T, retentionDays int, wrap func(stand http.Handler) http.Handler) (environment map[string]string, store objstore.Store) {
	stand, err := oss.Open(oss.Config{
		Dir: t.TempDir(), Bucket: "trace", Region: "cn-hangzhou", RetentionDays: retentionDays,
		Credentials: func(id string) (string, string, bool) { return "secret", "token", id == "id" },
	})
	require.NoError(t, err)
	server := httptest.NewServer(wrap(stand))
	t.Cleanup(server.Close)
	environment = map[string]string{
		"OSS_ENDPOINT": server.URL, "OSS_REGION": "cn-hangzhou", "OSS_BUCKET": "trace", "OSS_PREFIX": "fleet/",
		"ALIBABA_CLOUD_ACCESS_KEY_ID": "id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret", "ALIBABA_CLOUD_SECURITY_TOKEN": "token",
	}
	credentials := &ossstore.Credentials{}
	credentials.Set("id", "secret", "token")
	store, err = ossstore.New(ossstore.Config{
		Endpoint: server.URL, Region: "cn-hangzhou", Bucket: "trace", Prefix: "fleet/", Credentials: credentials,
	})
	require.NoError(t, err)
	writer, err := record.New(store, record.Config{})
	require.NoError(t, err)
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	require.NoError(t, writer.Append(t.Context(), []event.Event{{InstanceID: "i", ClientID: "c", Time: noon, ReceivedAt: noon}}))
	return environment, store
}

func TestCheck(t *testing.T) {
	environment, store := usedBucket(t)
	status, out, progress := opsWith(t, environment, "check")
	require.Zero(t, status)
	require.Equal(t, "checked 1 partition, 1 object, 1 row\n", progress)
	require.True(t, strings.HasSuffix(out, "1 event in 1 partition; objects quarantined: 0, superseded: 0, foreign: 0\nAll is well: 16 shards.\n"), out)

	objects, err := objstore.All(t.Context(), store, "events/", "")
	require.NoError(t, err)
	require.NoError(t, store.Put(t.Context(), objects[0].Key, bytes.NewReader(nil), 0))
	status, out, errors := opsWith(t, environment, "check", "-day", "2026-11-22")
	require.Equal(t, statusFailed, status)
	require.Contains(t, out, "violation: \""+objects[0].Key+"\": ")
	require.Contains(t, out, "\n1 violation.\n")
	require.Contains(t, errors, "ops: check bucket: 1 violation: ")

	status, out, _ = opsWith(t, environment, "check", "-day", "2026-11-23")
	require.Zero(t, status, "another day is not affected")
	require.Contains(t, out, "0 events in 0 partitions")
}

// In a bucket with a retention policy, a recorder must still record events, and must log why
// deletes fail. The check must fail and say what to do.
func TestCheckReportsARetentionPolicy(t *testing.T) {
	environment, store := usedBucketBehind(t, 30, func(stand http.Handler) http.Handler { return stand })
	var logged strings.Builder
	writer, err := record.New(store, record.Config{Background: func(f func()) { f() }, Log: slog.New(slog.NewTextHandler(&logged, nil))})
	require.NoError(t, err)
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for i := range 30 {
		at := noon.Add(time.Duration(i) * time.Second)
		require.NoError(t, writer.Append(t.Context(), []event.Event{{InstanceID: "i", ClientID: "d", Time: at, ReceivedAt: at}}), "recording goes on")
	}
	require.Contains(t, logged.String(), "a retention policy (WORM) of the bucket protects the object from being replaced or deleted: Device Trace needs a bucket without such a policy")

	status, out, progress := opsWith(t, environment, "check")
	require.Equal(t, statusFailed, status)
	require.Contains(t, out, "All is well")
	require.Contains(t, progress, "ops: the bucket has a retention policy (WORM) of 30 days, which Device Trace does not support: "+
		"superseded objects cannot be deleted, so they pile up, and queries get slower and more expensive. Move to another bucket\n")
}

// If the retention policy cannot be read or is not locked, the check must say so.
func TestCheckWithOtherRetentionPolicies(t *testing.T) {
	for response, want := range map[string]struct {
		status int
		text   string
	}{
		"403 <Error><Code>AccessDenied</Code></Error>": {0, "could not check whether the bucket has a retention policy (the check requires the permission oss:GetBucketWorm): "},
		"200 <WormConfiguration><State>InProgress</State><RetentionPeriodInDays>1</RetentionPeriodInDays></WormConfiguration>": {statusFailed, "(WORM) of 1 day, which Device Trace does not support: superseded objects cannot be deleted, so they pile up, and queries get slower and more expensive. The policy is not locked yet: delete it\n"},
	} {
		environment, _ := usedBucketBehind(t, 0, func(stand http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Has("worm") {
					respond(w, response)
					return
				}
				stand.ServeHTTP(w, r)
			})
		})
		status, _, progress := opsWith(t, environment, "check")
		require.Equal(t, want.status, status)
		require.Contains(t, progress, want.text)
	}
}

func TestCheckThatCannotStart(t *testing.T) {
	environment, _ := usedBucket(t)
	for _, arguments := range [][]string{{"check", "all"}, {"check", "-day", "today"}, {"check", "-all"}} {
		status, _, errors := opsWith(t, environment, arguments...)
		require.Equal(t, statusUsage, status, arguments)
		require.Contains(t, errors, "ops check [-day 2026-11-22]")
	}
	status, _, errors := opsWith(t, map[string]string{"OSS_BUCKET": "trace", "OSS_REGION": "cn-hangzhou"}, "check")
	require.Equal(t, statusFailed, status)
	require.Equal(t, "ops: open bucket: set these environment variables: ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET, OSS_ENDPOINT\n", errors)

	environment["ALIBABA_CLOUD_ACCESS_KEY_SECRET"] = "another"
	status, out, errors := opsWith(t, environment, "check")
	require.Equal(t, statusFailed, status)
	require.Empty(t, out)
	require.Contains(t, errors, "SignatureDoesNotMatch")
	require.NotContains(t, errors, "another")
}
