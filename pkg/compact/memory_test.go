//go:build linux && !race

package compact_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/segment"
)

// noise returns a random text of n bytes that can barely be compressed.
func noise(random io.Reader, n int) string {
	b := make([]byte, n)
	_, _ = random.Read(b) // cannot fail
	return base64.RawURLEncoding.EncodeToString(b)[:n]
}

// longRow returns a row of the given client, ms milliseconds after noon. Each of its other texts is
// random and has the maximum length.
func longRow(random io.Reader, client string, ms int64) segment.Row {
	text := func() string { return noise(random, event.MaxText) }
	return segment.Row{
		ClientID: client, Time: noon.UnixMilli() + ms, ConnectedAt: noon.UnixMilli(), PeerPort: ms,
		Action: text(), ActionInfo: text(), ChannelID: text(), NativeEvent: text(), NativeReason: text(),
		PeerAddress: text(), Username: text(), Node: text(), Protocol: text(), Source: text(),
		SourceEventID: text(), TimeOrigin: text(),
	}
}

// requirePeakBelow compacts a bucket in a new process. The process must take less memory than limit,
// in kB.
func requirePeakBelow(t *testing.T, limit int, store folder) {
	output, err := helper(t, store, t.TempDir()).Output()
	require.NoError(t, err)
	peak, err := strconv.Atoi(strings.TrimSpace(string(output)))
	require.NoError(t, err)
	t.Logf("peak %d MB", peak/1000)
	require.Less(t, peak, limit)
}

// A process must not take more memory for many merges than for one. The rows of these merges take
// much more memory than the segments, because all rows have the same texts.
func TestPeakMemoryOfManyMerges(t *testing.T) {
	store := newFolder(t)
	var rows []segment.Row
	for i := range 512 {
		rows = append(rows, longRow(rand.NewChaCha8([32]byte{1}), strings.Repeat("c", event.MaxClientID), int64(i)))
	}
	data, err := segment.Encode(rows)
	require.NoError(t, err)
	for shard := range 3 {
		where := layout.Partition{Instance: where.Instance, Shard: layout.Shard(fmt.Sprint(shard)), Day: where.Day}
		for run := range 120 {
			require.NoError(t, store.Put(t.Context(), fresh(run, 1).Key(where), bytes.NewReader(data), int64(len(data))))
		}
	}
	requirePeakBelow(t, 200_000, store)
}

// A process that compacts 64 inputs with the longest possible rows must take less than 288 MB, less
// than a third of the function's memory. It usually takes 210 to 240 MB, but more if the machine is
// busy and the garbage collector falls behind. Row groups become largest if all rows belong to one
// client, because a row group grows beyond its intended size to keep a client's rows together.
func TestPeakMemoryWithTheLongestRows(t *testing.T) {
	const inputs, different, rows, limit = 64, 8, 560, 288_000
	for name, client := range map[string]func(random io.Reader, i int) string{
		"one client": func(io.Reader, int) string { return strings.Repeat("c", event.MaxClientID) },
		"many clients": func(random io.Reader, i int) string {
			return fmt.Sprintf("%04d", i) + noise(random, event.MaxClientID-4)
		},
	} {
		t.Run(name, func(t *testing.T) {
			random := rand.NewChaCha8([32]byte{1})
			store := newFolder(t)
			for n := range different {
				var all []segment.Row
				for i := range rows {
					all = append(all, longRow(random, client(random, i), int64(n*rows+i)))
				}
				data, err := segment.Encode(all)
				require.NoError(t, err)
				for copy := range inputs / different { // copies cost as much memory, but less time
					name := fresh(copy*different+n, 1)
					require.NoError(t, store.Put(t.Context(), name.Key(where), bytes.NewReader(data), int64(len(data))))
				}
			}
			requirePeakBelow(t, limit, store)
			page, err := store.List(t.Context(), where.Prefix(), "")
			require.NoError(t, err)
			require.Len(t, page.Objects, 1)
		})
	}
}
