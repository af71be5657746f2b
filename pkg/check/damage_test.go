package check_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go/bloom/xxhash"
	"github.com/stretchr/testify/require"

	"devicetrace/pkg/check"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/quarantine"
	"devicetrace/pkg/segment"
)

// A check must find each kind of damage, name the right key and report nothing else.
func TestDamageIsNamed(t *testing.T) {
	rows := func(n int) []segment.Row { return segment.FromEvents(ofOne(n)) }
	for _, test := range []struct {
		name   string
		damage func(t *testing.T, store *memstore.Store) (key string)
		want   string
	}{
		{"a flipped byte", func(t *testing.T, store *memstore.Store) string {
			data, _ := encode(t, rows(3), 0)
			data[20] ^= 1
			return putBytes(t, store, fresh(1, 1).Key(where("c")), data)
		}, "the checksum of row group 0 is wrong"},
		{"cut short", func(t *testing.T, store *memstore.Store) string {
			data, _ := encode(t, rows(3), 0)
			return putBytes(t, store, fresh(1, 1).Key(where("c")), data[:len(data)-1])
		}, "no Parquet magic"},
		{"empty", func(t *testing.T, store *memstore.Store) string {
			return putBytes(t, store, fresh(1, 1).Key(where("c")), nil)
		}, "no Parquet magic"},
		{"not a segment", func(t *testing.T, store *memstore.Store) string {
			return putBytes(t, store, fresh(1, 1).Key(where("c")), []byte("text, and no segment"))
		}, "no Parquet magic"},
		{"no magic", func(t *testing.T, store *memstore.Store) string {
			data, _ := encode(t, rows(3), 0)
			data[0] ^= 1
			return putBytes(t, store, fresh(1, 1).Key(where("c")), data)
		}, `it does not begin with "PAR1"`},
		{"a digest other than in the name", func(t *testing.T, store *memstore.Store) string {
			data, written := encode(t, rows(3), 0)
			name := layout.Name{Level: 1, Digest: strings.Repeat("0b", 32), FooterLength: written.FooterLength, IndexLength: written.IndexLength}
			return putBytes(t, store, name.Key(where("c")), data)
		}, "its bytes have the SHA-256 digest"},
		{"a footer length other than in the name", func(t *testing.T, store *memstore.Store) string {
			data, written := encode(t, rows(3), 0)
			name := layout.Name{Level: 1, Digest: digestOf(data), FooterLength: written.FooterLength + 1, IndexLength: written.IndexLength}
			return putBytes(t, store, name.Key(where("c")), data)
		}, "its footer has"},
		{"an index length other than in the name", func(t *testing.T, store *memstore.Store) string {
			data, written := encode(t, rows(3), 0)
			name := layout.Name{Level: 1, Digest: digestOf(data), FooterLength: written.FooterLength, IndexLength: written.IndexLength + 1}
			return putBytes(t, store, name.Key(where("c")), data)
		}, "its index has"},
		{"a damaged index", func(t *testing.T, store *memstore.Store) string {
			data, written := encode(t, rows(3), 0)
			data[written.Size-written.FooterLength-written.IndexLength] ^= 1
			name := layout.Name{Level: 1, Digest: digestOf(data), FooterLength: written.FooterLength, IndexLength: written.IndexLength}
			return putBytes(t, store, name.Key(where("c")), data)
		}, "queries cannot use its index"},
		{"a missing event of a held run", func(t *testing.T, store *memstore.Store) string {
			put(t, store, where("c"), fresh(1, 1), rows(2))
			put(t, store, where("c"), fresh(1, 2), rows(3)) // a later object, which is not held
			put(t, store, where("c"), fresh(3, 1), rows(3))
			return putHolding(t, store, 1, rows(2), fresh(1, 1).String(), fresh(3, 1).String())
		}, fmt.Sprintf("it lacks a row of %q", fresh(3, 1).Key(where("c")))},
		{"a missing event of an earlier object of a held run", func(t *testing.T, store *memstore.Store) string {
			put(t, store, where("c"), fresh(1, 1), rows(2))
			return putHolding(t, store, 1, rows(1), fresh(1, 2).String())
		}, fmt.Sprintf("it lacks a row of %q", fresh(1, 1).Key(where("c")))},
		{"a missing event of a held compacted segment", func(t *testing.T, store *memstore.Store) string {
			held := putHolding(t, store, 1, rows(3))
			return putHolding(t, store, 2, rows(2), held[len(where("c").Prefix()):])
		}, "it lacks a row of"},
		{"a held segment of the same level", func(t *testing.T, store *memstore.Store) string {
			held := putHolding(t, store, 1, rows(1))
			return putHolding(t, store, 1, rows(2), held[len(where("c").Prefix()):])
		}, "a segment can hold only segments of lower levels"},
		{"a statement that names no segment", func(t *testing.T, store *memstore.Store) string {
			return putHolding(t, store, 1, rows(2), "l0000-1")
		}, `it holds "l0000-1", which is not the name of a segment`},
		{"a statement out of order", func(t *testing.T, store *memstore.Store) string {
			return putHolding(t, store, 1, rows(2), fresh(4, 1).String(), fresh(3, 1).String())
		}, "must be in ascending order"},
		{"a repeated name in a statement", func(t *testing.T, store *memstore.Store) string {
			return putHolding(t, store, 1, rows(2), fresh(1, 1).String(), fresh(1, 1).String())
		}, "must be in ascending order"},
		{"another shard", func(t *testing.T, store *memstore.Store) string {
			return put(t, store, layout.Partition{Instance: "i", Shard: "0", Day: "2026-11-22"}, fresh(1, 1), rows(3))
		}, "it holds rows of another partition"},
		{"another day", func(t *testing.T, store *memstore.Store) string {
			return put(t, store, layout.Partition{Instance: "i", Shard: where("c").Shard, Day: "2026-11-21"}, fresh(1, 1), rows(3))
		}, "it holds rows of another partition"},
		{"out of order", func(t *testing.T, store *memstore.Store) string {
			unordered := rows(2)
			unordered[0], unordered[1] = unordered[1], unordered[0]
			return put(t, store, where("c"), fresh(1, 1), unordered)
		}, "rows out of order"},
		{"a repeated event", func(t *testing.T, store *memstore.Store) string {
			twice := append(rows(2), rows(2)[1])
			twice[2].ReceivedDelay++
			return put(t, store, where("c"), fresh(1, 1), twice)
		}, "it holds an event twice"},
		{"a footer that leads elsewhere", func(t *testing.T, store *memstore.Store) string {
			return putBytes(t, store, fresh(1, 1).Key(where("a client!")), misleading(t, rows(3)))
		}, "its footer does not lead to all of its rows"},
		{"a run that forgot a row", func(t *testing.T, store *memstore.Store) string {
			put(t, store, where("c"), fresh(1, 1), rows(3))
			return put(t, store, where("c"), fresh(1, 3), append(rows(1), rows(4)[2:]...))
		}, `it lacks a row of "` + fresh(1, 1).Key(where("c"))},
		{"a run that forgot the last row", func(t *testing.T, store *memstore.Store) string {
			put(t, store, where("c"), fresh(1, 1), rows(3))
			return put(t, store, where("c"), fresh(1, 2), rows(2))
		}, "it lacks a row of"},
		{"a run that kept the later delivery", func(t *testing.T, store *memstore.Store) string {
			put(t, store, where("c"), fresh(1, 1), rows(1))
			later := rows(1)
			later[0].ReceivedDelay++
			return put(t, store, where("c"), fresh(1, 2), later)
		}, "it lacks a row of"},
		{"a shard of another layout", func(t *testing.T, store *memstore.Store) string {
			fine := layout.Layout{Shards: 256}.PartitionOf("i", "c", noon)
			put(t, store, fine, fresh(1, 1), rows(3))
			return fine.Prefix()
		}, "its shard is not one of the 16"},
		{"two layouts", func(t *testing.T, store *memstore.Store) string {
			return putBytes(t, store, layout.Layout{Shards: 256}.Marker(), nil)
		}, `this is a second layout marker besides "layout/v3-shards16"`},
		{"a layout of another version", func(t *testing.T, store *memstore.Store) string {
			return putBytes(t, store, "layout/v2", nil)
		}, "the key is not a layout marker of this version"},
		{"a marker with content", func(t *testing.T, store *memstore.Store) string {
			return putBytes(t, store, shards.Marker(), []byte("?"))
		}, "the layout marker must be empty but has 1 byte;"},
		{"no layout", func(t *testing.T, store *memstore.Store) string {
			require.NoError(t, store.Delete(t.Context(), shards.Marker()))
			put(t, store, where("c"), fresh(1, 1), rows(3))
			return layout.MarkerPrefix
		}, "there are segments but no layout marker"},
		{"a changed item in quarantine", func(t *testing.T, store *memstore.Store) string {
			return putBytes(t, store, layout.QuarantineKey(noon, strings.Repeat("0", 32)), []byte(`{}`))
		}, "its bytes have another digest"},
		{"an item in the quarantine of another day", func(t *testing.T, store *memstore.Store) string {
			id, err := quarantine.Keep(t.Context(), store, quarantine.Item{ReceivedAt: noon, Body: []byte("?")})
			require.NoError(t, err)
			key := layout.QuarantineKey(noon, id.Digest)
			page, err := store.List(t.Context(), key, "")
			require.NoError(t, err)
			data, err := store.Read(t.Context(), key, 0, page.Objects[0].Size)
			require.NoError(t, err)
			return putBytes(t, store, layout.QuarantineKey(noon.AddDate(0, 0, 1), id.Digest), data)
		}, "it was received on 2026-11-22"},
	} {
		t.Run(test.name, func(t *testing.T) {
			store := bucket(t)
			put(t, store, where("c"), fresh(2, 1), rows(5)) // intact, so the check must not report it
			key := test.damage(t, store)
			report := checked(t, store, check.Options{})
			require.Len(t, report.Violations, 1)
			require.Equal(t, key, report.Violations[0].Key)
			require.Contains(t, report.Violations[0].What, test.want)
			require.ErrorContains(t, report.Err(), test.want)
			require.NotContains(t, report.Err().Error(), "…")
			text := textOf(t, report)
			require.Contains(t, text, "\n1 violation.\n")
			_, _, err := layout.ParseKey(key)
			require.Equal(t, err == nil, strings.Contains(text, "Keep the damaged segments"), "advice only about segments")
		})
	}
}

// If there are two layout markers, it is not known which shards are right, so the check must not
// call any of them wrong.
func TestTwoLayoutsAreOneViolation(t *testing.T) {
	store := bucket(t)
	fine := layout.Layout{Shards: 256}
	rows := segment.FromEvents(ofOne(3))
	put(t, store, where("c"), fresh(1, 1), rows)
	put(t, store, fine.PartitionOf("i", "c", noon), fresh(2, 1), rows)
	putBytes(t, store, fine.Marker(), nil)
	require.Len(t, checked(t, store, check.Options{}).Violations, 1)
}

// misleading returns a segment without an index, whose footer has a valid checksum but wrong bounds.
// According to the bounds, the row group contains no rows of the segment's only client.
func misleading(t *testing.T, rows []segment.Row) []byte {
	const name, elsewhere = "a client", "no client"
	for i := range rows {
		rows[i].ClientID = name + "!"
	}
	data, written := encode(t, rows, 0)
	footer := data[written.Size-written.FooterLength:]
	require.Positive(t, bytes.Count(footer, []byte(name+"!")))
	copy(footer, bytes.ReplaceAll(footer, []byte(name+"!"), []byte(elsewhere)))
	binary.LittleEndian.PutUint64(footer, xxhash.Sum64(footer[8:]))
	return append(data[:written.Size-written.FooterLength-written.IndexLength], footer...)
}

// If any bit of an object is flipped, the check must name that object. The only exceptions are bits
// in the indexes of fresh segments: if such an index is damaged, readers use the footer.
func TestEveryFlippedByteIsFound(t *testing.T) {
	const flips = 500
	seed := uint64(time.Now().UnixNano())
	t.Log("seed", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	store := few(t)
	objects, err := objstore.All(t.Context(), store, "", "")
	require.NoError(t, err)
	objects = slices.DeleteFunc(objects, func(o objstore.Object) bool { return o.Size == 0 })
	whole := checked(t, store, check.Options{})
	var events int64
	for range flips {
		o := objects[random.IntN(len(objects))]
		valid, err := store.Read(t.Context(), o.Key, 0, o.Size)
		require.NoError(t, err)
		at := random.Int64N(o.Size)
		damaged := bytes.Clone(valid)
		damaged[at] ^= 1 << random.IntN(8)
		putBytes(t, store, o.Key, damaged)
		report := checked(t, store, check.Options{})
		if inFreshIndex(t, o, valid, at) {
			require.Empty(t, report.Violations)
			require.Equal(t, whole.Events, report.Events)
		} else {
			require.NotEmpty(t, report.Violations, "byte %d of %q", at, o.Key)
		}
		for _, v := range report.Violations {
			require.Equal(t, o.Key, v.Key)
		}
		events += report.Events
		putBytes(t, store, o.Key, valid)
	}
	t.Logf("%d objects damaged, %d events checked", flips, events)
	require.NoError(t, checked(t, store, check.Options{}).Err())
}

// inFreshIndex reports whether o is a fresh segment and byte data[at] lies between the segment's row
// groups and its footer.
func inFreshIndex(t testing.TB, o objstore.Object, data []byte, at int64) bool {
	_, name, err := layout.ParseKey(o.Key)
	if err != nil || !name.Fresh() {
		return false
	}
	length, err := segment.FooterLength(data, o.Size)
	require.NoError(t, err)
	footer, err := segment.ParseFooter(data, o.Size)
	require.NoError(t, err)
	groups := footer.Groups()
	last := groups[len(groups)-1]
	return last.Offset+last.Length <= at && at < o.Size-length
}

func TestNotesAreNotViolations(t *testing.T) {
	store := bucket(t)
	put(t, store, where("c"), fresh(1, 1), segment.FromEvents(ofOne(2)))
	put(t, store, where("c"), fresh(1, 2), segment.FromEvents(ofOne(3)))
	highest := putCompacted(t, store, where("c"), layout.MaxLevel, segment.FromEvents(ofOne(3)), 0)
	foreign := putBytes(t, store, where("c").Prefix()+"notes.txt", []byte("?"))
	other := putBytes(t, store, layout.QuarantinePrefix+"notes.txt", []byte("?"))
	report := checked(t, store, check.Options{})
	require.NoError(t, report.Err())
	require.Equal(t, []string{foreign, highest, other}, []string{report.Notes[0].Key, report.Notes[1].Key, report.Notes[2].Key})
	require.Equal(t, 2, report.Foreign)
	require.Equal(t, 1, report.Superseded)
	require.Equal(t, 3, report.Objects)
	require.EqualValues(t, 8, report.Rows)
	require.EqualValues(t, 3, report.Events)
	var text strings.Builder
	require.NoError(t, report.WriteText(&text))
	require.Contains(t, text.String(), "3 events in 1 partition; objects quarantined: 0, superseded: 1, foreign: 2\nAll is well: 16 shards.\n")
}

func TestFindingsAreBounded(t *testing.T) {
	store := bucket(t)
	for i := range 10 {
		putBytes(t, store, fresh(i+1, 1).Key(where("c")), nil)
		putBytes(t, store, fresh(i+1, 1).Key(where("client00001")), nil)
		putBytes(t, store, fmt.Sprintf("%snotes%d", where("c").Prefix(), i), nil)
	}
	report := checked(t, store, check.Options{MaxFindings: 4})
	require.Len(t, report.Violations, 4)
	require.Equal(t, 16, report.MoreViolations)
	require.Len(t, report.Notes, 4)
	require.Equal(t, 6, report.MoreNotes)
	require.Regexp(t, "^check bucket: 20 violations: .*; …$", report.Err())
	var text strings.Builder
	require.NoError(t, report.WriteText(&text))
	require.Contains(t, text.String(), "and 16 more violations\n")
	require.Contains(t, text.String(), "\n20 violations.\n")
}
