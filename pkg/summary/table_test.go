package summary

import (
	"math/rand/v2"
	"slices"
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
	require.NoError(t, table.Each(func(d *Device) error { devices = append(devices, *d); return nil }))
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
