package main

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheckReadsTheRunningSystemOrAlone(t *testing.T) {
	s := testSettings(t)
	system := begin(t, s)
	var out strings.Builder
	require.NoError(t, checkData(t.Context(), s, &out, io.Discard))
	require.Contains(t, out.String(), "The bucket is not in use yet.\n")

	running, err := accessRunning(t.Context(), s)
	require.NoError(t, err)
	store, err := running.open()
	require.NoError(t, err)
	require.NoError(t, store.Put(t.Context(), "layout/v1-shards16", bytes.NewReader(nil), 0))
	out.Reset()
	require.NoError(t, checkData(t.Context(), s, &out, io.Discard))
	require.Contains(t, out.String(), "All is well: 16 shards.\n")
	require.NoError(t, store.Put(t.Context(), "layout/v1-shards256", bytes.NewReader(nil), 0))
	require.NoError(t, system.stop())

	out.Reset()
	require.ErrorContains(t, checkData(t.Context(), s, &out, io.Discard), "check bucket: 1 violation: ")
	require.Contains(t, out.String(), `violation: "layout/v1-shards256": this is a second layout marker besides "layout/v1-shards16"`)
	require.ErrorContains(t, checkData(canceled(), s, io.Discard, io.Discard), "canceled")
}
