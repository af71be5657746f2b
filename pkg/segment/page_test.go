package segment

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/bloom/xxhash"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

// FuzzPages writes random rows with random options. Our reader must return the same rows as the
// library's reader, both in a stream and in lookups of single clients.
func FuzzPages(f *testing.F) {
	for seed := range uint64(60) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 1))
		data := encodeRandomly(t, random, randomRows(random))
		want := readByLibrary(t, data)
		footer, err := ParseBoth(data, int64(len(data)), 0)
		require.NoError(t, err)
		require.Equal(t, want, readByCursor(t, data, footer))
		for range 5 {
			client, from, to := want[random.IntN(len(want))].ClientID, int64(math.MinInt64), int64(math.MaxInt64)
			if random.IntN(2) == 0 {
				from, to = randomTime(random, want), randomTime(random, want)
			}
			requireClient(t, random, data, footer, client, from, to, rowsIn(want, from, to, &client))
			requireWindow(t, data, footer, from, to, rowsIn(want, from, to-1, nil))
		}
	})
}

// randomTime returns the event time of one of the rows, or a neighboring time.
func randomTime(random *rand.Rand, rows []Row) int64 {
	return rows[random.IntN(len(rows))].Time + random.Int64N(3) - 1
}

// rowsIn returns the rows between the event times from and to, both inclusive. If client is not nil,
// it returns only the rows of this client.
func rowsIn(rows []Row, from, to int64, client *string) (found []Row) {
	for _, r := range rows {
		if from <= r.Time && r.Time <= to && (client == nil || *client == r.ClientID) {
			found = append(found, r)
		}
	}
	return found
}

// randomRows returns up to 500 distinct rows, some of which have long texts or nulls.
func randomRows(random *rand.Rand) []Row {
	text := func(words int) string {
		if random.IntN(20) == 0 {
			return strings.Repeat("long", random.IntN(200))
		}
		return strings.Repeat("w", random.IntN(words))
	}
	words := 1 + random.IntN(40)
	rows := make([]Row, 1+random.IntN(500))
	for i := range rows {
		rows[i] = Row{
			ClientID: text(words), Time: random.Int64N(1 << (1 + random.IntN(62))), Action: text(words), ActionInfo: text(words),
			ChannelID: text(words), NativeEvent: text(words), NativeReason: text(words), ReasonCode: random.Int32() - 1<<30,
			ConnectedAt: random.Int64N(3), ReceivedDelay: random.Int64() - 1<<62, PeerAddress: text(words), PeerPort: int64(random.Int32()),
			Username: text(words), Node: text(words), Protocol: text(words), ProtocolVersion: random.Int32N(9) - 4, KeepAlive: random.Int32(),
			CleanStart: random.Int32N(2), Source: text(words), SourceEventID: text(words), TimeOrigin: text(words),
		}
	}
	return Distinct(rows)
}

// encodeRandomly encodes rows with a random schema, codec, page size, row group size and dictionary
// size. If a dictionary gets too long, the library stores the rest of a column chunk without it.
func encodeRandomly(t *testing.T, random *rand.Rand, rows []Row) []byte {
	options := append(writerOptions(interim), parquet.PageBufferSize([]int{50, 300, 2000, 32 << 10}[random.IntN(4)]))
	if random.IntN(2) == 0 { // a schema in which no column has its own codec
		plain := []compress.Codec{&parquet.Snappy, &parquet.Uncompressed, &parquet.Zstd}[random.IntN(3)]
		options = append(options, parquet.SchemaOf(stored{}), parquet.Compression(plain))
	}
	if random.IntN(2) == 0 {
		options = append(options, parquet.DictionaryMaxBytes(int64(random.IntN(300))))
	}
	w := &Writer{lifetime: interim, out: parquet.NewGenericWriter[stored](io.Discard, options...), buffer: make([]stored, 1+random.IntN(bufferRows))}
	var out bytes.Buffer
	w.start(&out, int64(random.IntN(3)*random.IntN(300)))
	require.NoError(t, w.Write(rows))
	_, err := w.Close()
	require.NoError(t, err)
	return out.Bytes()
}

// readByLibrary reads all rows of a segment with the Parquet library.
func readByLibrary(t *testing.T, data []byte) []Row {
	reader := parquet.NewGenericReader[stored](bytes.NewReader(data))
	read := make([]stored, reader.NumRows())
	n, err := reader.Read(read)
	if !errors.Is(err, io.EOF) {
		require.NoError(t, err)
	}
	require.Len(t, read, n)
	rows := make([]Row, n)
	for i := range read {
		rows[i] = read[i].Row
		if known := read[i].ConnectedFor; known != nil {
			rows[i].ConnectedAt = rows[i].Time - *known
		}
	}
	return rows
}

// inMemory is a store with one object.
type inMemory []byte

func (m inMemory) Read(_ context.Context, _ string, off, n int64) ([]byte, error) {
	return m[off : off+n], nil
}

func readByCursor(t *testing.T, data []byte, footer *Footer) (rows []Row) {
	cursor := OpenCursor(inMemory(data), Object{Size: int64(len(data))}, footer)
	defer cursor.Close()
	for {
		row, err := cursor.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return rows
		}
		require.NoError(t, err)
		rows = append(rows, *row)
	}
}

// requireWindow requires that RowsBetween returns the given rows.
func requireWindow(t *testing.T, data []byte, footer *Footer, from, to int64, want []Row) {
	var got []Row
	for i := range footer.groups {
		rows, err := footer.RowsBetween(i, data, from, to)
		require.NoError(t, err)
		got = append(got, rows...)
	}
	require.Equal(t, want, got)
}

// requireClient decodes the rows of a client between two times, in steps of random size, and
// requires the given rows.
func requireClient(t *testing.T, random *rand.Rand, data []byte, footer *Footer, client string, from, to int64, want []Row) {
	descending := random.IntN(2) == 0
	if descending {
		slices.Reverse(want)
	}
	var got []Row
	c := footer.ClientRows(event.ClientID(client), from, to, descending)
	for len(c.Groups()) > 0 {
		blocks, err := c.Decode(1, data, 0, random.Int64N(20_000))
		require.NoError(t, err)
		for _, b := range blocks {
			got = append(got, b.Rows...)
		}
	}
	require.Equal(t, want, got)
}

// Whatever bytes a page contains, streams and lookups must not panic, and must not take much more
// memory than the footer states.
func FuzzHostilePages(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed, uint64(3), []byte{byte(seed), 1})
	}
	f.Fuzz(func(t *testing.T, seed, place uint64, change []byte) {
		random := rand.New(rand.NewPCG(seed, 1))
		data := encodeRandomly(t, random, randomRows(random))
		footer, err := ParseFooter(data, int64(len(data)))
		require.NoError(t, err)
		g := &footer.groups[random.IntN(len(footer.groups))]
		group := data[g.Offset : g.Offset+g.Length]
		copy(group[place%uint64(len(group)):], change)
		g.checksum = xxhash.Sum64(group)
		reader, err := footer.openGroup(g, group)
		if err == nil {
			err = reader.read(make([]Row, g.Rows), 0)
			for i := range reader.columns {
				require.LessOrEqual(t, int64(reader.columns[i].release()), 1<<16+20*g.maxPages(), reader.columns[i].chunkReader.name)
			}
			reader.close()
		}
		if err != nil {
			require.ErrorIs(t, err, ErrCorrupt)
		}
		c := footer.ClientRows(event.ClientID(g.last), math.MinInt64, math.MaxInt64, seed%2 == 0)
		if _, err := c.Decode(1, data, 0, 1<<20); err != nil {
			require.ErrorIs(t, err, ErrCorrupt)
		}
	})
}
