package main

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/oss"
)

func TestCheckReadsTheRunningSystemOrAlone(t *testing.T) {
	s := testSettings(t)
	system := begin(t, s)
	var out strings.Builder
	require.NoError(t, checkData(t.Context(), s, &out))
	require.Contains(t, out.String(), "The bucket is not in use yet.\n")

	require.NoError(t, system.stop())

	putEmpty(t, s, "layout/v3-shards16")
	out.Reset()
	require.NoError(t, checkData(t.Context(), s, &out))
	require.Contains(t, out.String(), "All is well: 16 shards.\n")

	putEmpty(t, s, "layout/v3-shards256")
	requireViolation := func() {
		t.Helper()
		out.Reset()
		require.ErrorContains(t, checkData(t.Context(), s, &out), "check bucket: 1 violation: ")
		require.Contains(t, out.String(), `violation: "layout/v3-shards256": this is a second layout marker besides "layout/v3-shards16"`)
	}
	requireViolation()
	system = begin(t, s)
	requireViolation()
	require.NoError(t, system.stop())
	require.ErrorContains(t, checkData(canceled(), s, io.Discard), "canceled")
}

// putEmpty puts an empty object into the bucket of a system that is not running.
func putEmpty(t *testing.T, s settings, key string) {
	t.Helper()
	bucket, err := oss.OpenStore(s.data("oss"))
	require.NoError(t, err)
	require.NoError(t, bucket.Put(t.Context(), key, bytes.NewReader(nil), 0))
}
