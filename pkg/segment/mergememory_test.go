//go:build !race

package segment_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/segment"
)

// copying is a store with one object. Like a real store, it returns a copy of each range.
type copying []byte

func (c copying) Read(_ context.Context, _ string, off, n int64) ([]byte, error) {
	return bytes.Clone(c[off : off+n]), nil
}

// randomWords, sameWord and numbers each return a function that returns a text of n bytes for row
// i.

func randomWords(n int) func(int) string {
	random := rand.New(rand.NewPCG(1, 2))
	return func(int) string {
		b := make([]byte, n/2)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return hex.EncodeToString(b)
	}
}

func sameWord(n int) func(int) string { return func(int) string { return strings.Repeat("x", n) } }

func numbers(n int) func(int) string { return func(i int) string { return fmt.Sprintf("%0*d", n, i) } }

// rowsWith returns n rows. client supplies the client identifiers, dictionary the texts of the
// dictionary-encoded columns, and plain all other texts.
func rowsWith(n int, client, plain, dictionary func(int) string) []segment.Row {
	rows := make([]segment.Row, n)
	for i := range rows {
		rows[i] = segment.Row{
			ClientID: client(i), Time: int64(i), ConnectedAt: 1,
			Action: dictionary(i), ActionInfo: dictionary(i), NativeEvent: dictionary(i), NativeReason: dictionary(i),
			Node: dictionary(i), Protocol: dictionary(i), Source: dictionary(i), TimeOrigin: dictionary(i),
			ChannelID: plain(i), PeerAddress: plain(i), Username: plain(i), SourceEventID: plain(i),
		}
	}
	return rows
}

// MergeMemory must be at least the memory that a cursor takes, whatever the rows are. It must not
// be far above that memory, because merges would then have fewer inputs than possible.
func TestMergeMemory(t *testing.T) {
	for name, c := range map[string]struct {
		rows  []segment.Row
		group int64
	}{
		"random texts":                {rowsWith(600, sameWord(1024), randomWords(512), randomWords(512)), 0},
		"random texts, many clients":  {rowsWith(600, numbers(1024), randomWords(512), randomWords(512)), 0},
		"the same texts":              {rowsWith(600, sameWord(1024), sameWord(512), sameWord(512)), 0},
		"random texts, no dictionary": {rowsWith(600, sameWord(1024), randomWords(512), sameWord(1)), 0},
		"random dictionaries":         {rowsWith(600, sameWord(1024), sameWord(1), randomWords(512)), 0},
		"short dictionary entries":    {rowsWith(12_000, numbers(8), numbers(8), numbers(5)), 0},
		"no texts":                    {rowsWith(30_000, numbers(8), sameWord(0), sameWord(0)), 0},
		"ordinary rows":               {rowsOf(40, 50), 0},
		"few rows":                    {rowsWith(1, sameWord(8), sameWord(8), sameWord(8)), 0},
		"many row groups":             {rowsWith(4000, numbers(1024), sameWord(8), sameWord(8)), 50},
	} {
		t.Run(name, func(t *testing.T) {
			data, written := write(t, c.rows, c.group)
			object := segment.Object{Size: written.Size, FooterLength: written.FooterLength}
			cursors := make([]*segment.Cursor, 4)
			before := heap()
			var need int64
			for i := range cursors {
				footer, err := segment.OpenFooter(t.Context(), copying(data), object)
				require.NoError(t, err)
				need = footer.MergeMemory()
				cursors[i] = segment.OpenCursor(copying(data), object, footer)
			}
			var took int64
			for n := range c.rows {
				for _, cursor := range cursors {
					_, err := cursor.Next(t.Context())
					require.NoError(t, err)
				}
				if n%(len(c.rows)/3+1) == 0 {
					took = max(took, (heap()-before)/int64(len(cursors)))
				}
			}
			t.Logf("need %d KiB, took %d KiB", need>>10, took>>10)
			require.LessOrEqual(t, took, need)
			require.Less(t, need, 3*took+50<<10)
			for _, cursor := range cursors {
				cursor.Close()
			}
		})
	}
}
