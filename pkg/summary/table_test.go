package summary

import (
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/segment"
)

// What was encoded must be decoded unchanged, and equal sums must give equal bytes.
func TestTablesReturnTheSums(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		rows := randomRows(rand.New(rand.NewPCG(seed, 5)))
		if seed%3 == 0 {
			for i := range rows {
				rows[i].ClientID = "c\xff" // not UTF-8, and with many drops
			}
			rows = segment.Distinct(rows)
		}
		requireTables(t, foldOf(rows))
	}
	requireTables(t, &Sums{})
}

func requireTables(t *testing.T, sums *Sums) {
	minutes, err := EncodeMinutes(sums)
	require.NoError(t, err)
	decoded, err := DecodeMinutes(minutes)
	require.NoError(t, err)
	require.True(t, slices.Equal(sums.Cells, decoded.Cells))
	require.Equal(t, sums.Totals, decoded.Totals)

	drops, err := EncodeDrops(sums)
	require.NoError(t, err)
	vicinities, err := DecodeDrops(drops)
	require.NoError(t, err)
	require.Equal(t, sums.Vicinities, vicinities)

	data, err := EncodeDevices(sums.Devices)
	require.NoError(t, err)
	table, err := OpenDevices(data)
	require.NoError(t, err)
	var devices []Device
	for d, err := range table.All() {
		require.NoError(t, err)
		devices = append(devices, *d)
	}
	require.Equal(t, sums.Devices, devices)
	for i := range table.Groups() {
		texts, err := table.Texts(i, TextColumns{ClientID: true, Username: true, Address: true})
		require.NoError(t, err)
		for j, d := range devices {
			require.Equal(t, Texts{d.ClientID, d.Username.Text, d.Address.Text}, texts[j])
		}
	}
	for _, other := range [][]byte{drops, data, nil} {
		_, err = DecodeMinutes(other)
		require.ErrorIs(t, err, segment.ErrCorrupt)
	}
	_, err = DecodeDrops(minutes)
	require.ErrorIs(t, err, segment.ErrCorrupt)
	_, err = OpenDevices(minutes)
	require.ErrorIs(t, err, segment.ErrCorrupt)
}

// FORMAT.md must list the columns of each table, with their types and encodings.
func TestFormatListsTheColumns(t *testing.T) {
	t.Parallel()
	format, err := os.ReadFile("../segment/FORMAT.md")
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(format), "\n### Minutes\n")
	minutes, rest, _ := strings.Cut(rest, "\n### Drops\n")
	drops, rest, _ := strings.Cut(rest, "\n### Devices\n")
	devices, _, _ := strings.Cut(rest, "\n### Sums over segments\n")
	require.ElementsMatch(t, listed(minutes), describe(cellColumns))
	require.ElementsMatch(t, listed(drops), describe(dropColumns))
	require.ElementsMatch(t, listed(devices), describe(deviceColumns))
}

// listed returns the columns in the tables of a section, as describe does.
func listed(section string) (columns []string) {
	for line := range strings.Lines(section) {
		cells := strings.Split(line, "|")
		if len(cells) != 6 || !strings.Contains(cells[1], "`") {
			continue
		}
		names, types := strings.Split(cells[1], ","), strings.Split(cells[2], ",")
		for i, name := range names {
			kind := types[min(i, len(types)-1)]
			columns = append(columns, strings.TrimSpace(name)+strings.TrimRight(kind, " ")+" "+strings.TrimSpace(cells[3]))
		}
	}
	return columns
}

func describe[T any](columns []segment.TableColumn[T]) (described []string) {
	for _, c := range columns {
		kind, encoding := "int64", "plain"
		if c.Text != nil {
			kind = "string"
		}
		switch {
		case c.Repeats:
			encoding = "dictionary"
		case c.Delta:
			encoding = "delta"
		}
		described = append(described, "`"+c.Name+"` "+kind+" "+encoding)
	}
	return described
}
