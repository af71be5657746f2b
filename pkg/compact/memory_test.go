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

// A process that compacts 64 inputs with the longest possible rows must take less than 250 MiB. Row
// groups become largest if all rows belong to one client, because a row group grows beyond its
// intended size to keep a client's rows together.
func TestPeakMemoryWithTheLongestRows(t *testing.T) {
	const inputs, different, rows, limit = 64, 8, 560, 256_000
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
			output, err := helper(t, store, t.TempDir()).Output()
			require.NoError(t, err)
			peak, err := strconv.Atoi(strings.TrimSpace(string(output)))
			require.NoError(t, err)
			t.Logf("peak %d MB", peak/1000)
			require.Less(t, peak, limit)
			page, err := store.List(t.Context(), where.Prefix(), "")
			require.NoError(t, err)
			require.Len(t, page.Objects, 1)
		})
	}
}
