package segment

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/parquet-go/parquet-go/bloom/xxhash"
	"github.com/stretchr/testify/require"
)

type pet struct {
	Name, Kind string
	Age, Born  int64
}

var petColumns = []TableColumn[pet]{
	{Name: "name", Text: func(p *pet) *string { return &p.Name }},
	{Name: "kind", Text: func(p *pet) *string { return &p.Kind }, Repeats: true},
	{Name: "age", Long: func(p *pet) *int64 { return &p.Age }, Repeats: true},
	{Name: "born", Long: func(p *pet) *int64 { return &p.Born }, Delta: true},
}

func pets(n int) []pet {
	random := rand.New(rand.NewPCG(uint64(n), 1))
	found := make([]pet, n)
	for i := range found {
		found[i] = pet{fmt.Sprint("pet", i), []string{"", "cat", "dog"}[random.IntN(3)], int64(random.IntN(20)) - 5, int64(random.Uint64())}
	}
	return found
}

func encodePets(t testing.TB, rows []pet) []byte {
	data, err := EncodeTable("pets", petColumns, rows, map[string]string{"note": "x"})
	require.NoError(t, err)
	return data
}

func TestATableReturnsItsRows(t *testing.T) {
	for _, n := range []int{0, 1, 63, 64, 65, 1000, tableGroupRows, tableGroupRows + 1, 3*tableGroupRows - 1} {
		rows := pets(n)
		data := encodePets(t, rows)
		require.Equal(t, data, encodePets(t, rows), "equal rows must give equal bytes")
		table, err := OpenTable("pets", petColumns, data)
		require.NoError(t, err)
		require.EqualValues(t, n, table.Rows())
		require.Equal(t, "x", table.Metadata("note"))
		require.Empty(t, table.Metadata("other"))
		all, err := table.All()
		require.NoError(t, err)
		require.True(t, slices.Equal(rows, all), "%d rows", n)
	}
}

// A read of some columns must leave the other fields empty.
func TestATableDecodesOnlyTheNamedColumns(t *testing.T) {
	rows := pets(100)
	table, err := OpenTable("pets", petColumns, encodePets(t, rows))
	require.NoError(t, err)
	require.Equal(t, 1, table.Groups())
	some, err := table.Read(0, "born", "kind")
	require.NoError(t, err)
	for i := range rows {
		require.Equal(t, pet{Kind: rows[i].Kind, Born: rows[i].Born}, some[i])
	}
}

func TestOtherTablesAreCorrupt(t *testing.T) {
	data := encodePets(t, pets(10))
	_, err := OpenTable("people", petColumns, data)
	require.ErrorIs(t, err, ErrCorrupt)
	_, err = OpenTable("pets", append(slices.Clone(petColumns), TableColumn[pet]{Name: "more", Text: petColumns[0].Text}), data)
	require.ErrorIs(t, err, ErrCorrupt)
	_, err = OpenTable("pets", []TableColumn[pet]{{Name: "name", Long: petColumns[2].Long}}, data)
	require.ErrorIs(t, err, ErrCorrupt)
	_, err = OpenTable("pets", petColumns, nil)
	require.ErrorIs(t, err, ErrCorrupt)
	segment, err := Encode([]Row{{ClientID: "c"}})
	require.NoError(t, err)
	_, err = OpenTable("pets", petColumns, segment)
	require.ErrorIs(t, err, ErrCorrupt)
}

// Damage to any byte after the magic must be detected.
func TestDamagedTablesAreCorrupt(t *testing.T) {
	data := encodePets(t, pets(300))
	for i := len(magic); i < len(data); i++ {
		damaged := slices.Clone(data)
		damaged[i] ^= 0x40
		require.ErrorIs(t, readPets(damaged), ErrCorrupt, "byte %d", i)
	}
	for n := range data {
		require.ErrorIs(t, readPets(data[:n]), ErrCorrupt, "cut to %d bytes", n)
	}
}

func readPets(data []byte) error {
	table, err := OpenTable("pets", petColumns, data)
	if err != nil {
		return err
	}
	_, err = table.All()
	return err
}

// Hostile tables have valid checksums, so their bytes are parsed. The only effect must be an error.
func TestHostileTables(t *testing.T) {
	valid := encodePets(t, pets(40))
	random := rand.New(rand.NewPCG(1, 2))
	for range 2_000 {
		data := slices.Clone(valid)
		for range 1 + random.IntN(3) {
			data[random.IntN(len(data))] = byte(random.IntN(256))
		}
		requireOnlyErrors(t, sealed(valid, data))
	}
}

func FuzzTable(f *testing.F) {
	valid := encodePets(f, pets(40))
	f.Add(uint16(10), byte(1))
	f.Fuzz(func(t *testing.T, at uint16, value byte) {
		data := slices.Clone(valid)
		data[int(at)%len(data)] = value
		requireOnlyErrors(t, sealed(valid, data))
	})
}

func requireOnlyErrors(t *testing.T, data []byte) {
	if err := readPets(data); err != nil {
		require.ErrorIs(t, err, ErrCorrupt)
	}
}

// sealed returns the changed data of a table, with correct checksums. valid is the table before the
// change, and has one row group.
func sealed(valid, data []byte) []byte {
	size, err := FooterLength(valid, int64(len(valid)))
	if err != nil {
		return data
	}
	start := len(valid) - int(size)
	sum := func(data []byte) []byte { return fmt.Appendf(nil, "%016x", xxhash.Sum64(data[len(magic):start])) }
	end := bytes.Replace(data[start:], sum(valid), sum(data), 1)
	binary.LittleEndian.PutUint64(end, xxhash.Sum64(end[checksumLength:]))
	return append(data[:start:start], end...)
}
