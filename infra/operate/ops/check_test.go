package main

import (
	"bytes"
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
	stand, err := oss.Open(oss.Config{
		Dir: t.TempDir(), Bucket: "trace", Region: "cn-hangzhou",
		Credentials: func(id string) (string, string, bool) { return "secret", "token", id == "id" },
	})
	require.NoError(t, err)
	server := httptest.NewServer(stand)
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
