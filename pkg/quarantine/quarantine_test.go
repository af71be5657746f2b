package quarantine

import (
	"context"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
)

var received = time.Date(2026, 11, 22, 23, 59, 59, 5e6, time.FixedZone("", -3600)) // 2026-11-23 in UTC

func item(body string) Item {
	return Item{
		ReceivedAt: received, Route: "mosquitto", InstanceID: "prod", Hook: "on_register", Position: "mosquitto.log:1024", Encoding: "br",
		Errors: []Error{{Item: 3, Field: "clientid", Error: "is missing"}},
		Body:   []byte(body),
	}
}

func summaryOf(item Item) Summary {
	s := Summary{ReceivedAt: item.ReceivedAt.UTC(), Route: item.Route, InstanceID: item.InstanceID, Errors: len(item.Errors)}
	if s.Errors > 0 {
		s.FirstError = &item.Errors[0]
	}
	return s
}

// keep stores an item and returns its id.
func keep(t *testing.T, store Putter, item Item) ID {
	t.Helper()
	id, err := Keep(t.Context(), store, item)
	require.NoError(t, err)
	return id
}

// list returns all items received on 2026-11-23, the UTC date of the items in these tests.
func list(t *testing.T, store objstore.Lister) []Entry {
	t.Helper()
	entries, more, err := List(t.Context(), store, "2026-11-23", ID{}, 10)
	require.NoError(t, err)
	require.False(t, more)
	return entries
}

func TestKeepListGet(t *testing.T) {
	for name, body := range map[string]string{
		"text": "{\"a\":\"<é>\u0000\"}\n", "not UTF-8": "\xff\x00\xfe", "empty": "", "text beside the replacement character": "\ufffd",
	} {
		t.Run(name, func(t *testing.T) {
			store := memstore.New()
			id := keep(t, store, item(body))
			objects, err := objstore.All(t.Context(), store, "", "")
			require.NoError(t, err)
			require.Len(t, objects, 1)
			require.Equal(t, "quarantine/day=2026-11-23/"+id.Digest+".json", objects[0].Key)
			require.Equal(t, []Entry{{ID: id, Size: objects[0].Size}}, list(t, store))

			want := item(body)
			want.ReceivedAt = want.ReceivedAt.UTC()
			got, err := Get(t.Context(), store, id)
			require.NoError(t, err)
			require.Equal(t, want, got)

			summary, err := GetSummary(t.Context(), store, list(t, store)[0])
			require.NoError(t, err)
			require.Equal(t, summaryOf(want), summary)
		})
	}
}

func TestKeepingTwiceMakesOneObject(t *testing.T) {
	store := memstore.New()
	first, again, other := keep(t, store, item("x")), keep(t, store, item("x")), keep(t, store, item("y"))
	require.Equal(t, first, again)
	require.NotEqual(t, first, other)
	require.Len(t, list(t, store), 2)
}

// TestEmptyFieldsAreAbsent checks that the stored object omits the hook, position and encoding
// fields if they are empty.
func TestEmptyFieldsAreAbsent(t *testing.T) {
	store := memstore.New()
	data := `{"received_at":"2026-11-23T00:59:59.005Z","route":"emqx","instance_id":"prod","error_count":1,"errors":[{"item":3,"field":"clientid","error":"is missing"}],"body":"x"}` + "\n"
	id := ID{Day: "2026-11-23", Digest: "834c7b4e0b94c03abadd8d10eb8a8ff1"}
	require.NoError(t, store.Put(t.Context(), "quarantine/day=2026-11-23/"+id.Digest+".json", strings.NewReader(data), int64(len(data))))
	want := Item{
		ReceivedAt: received.UTC(), Route: "emqx", InstanceID: "prod",
		Errors: []Error{{Item: 3, Field: "clientid", Error: "is missing"}}, Body: []byte("x"),
	}
	got, err := Get(t.Context(), store, id)
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Equal(t, id, keep(t, store, want), "the bytes are the same")
}

func TestID(t *testing.T) {
	const text = "2026-11-22-0123456789abcdef0123456789abcdef"
	id, err := ParseID(text)
	require.NoError(t, err)
	require.Equal(t, ID{Day: "2026-11-22", Digest: "0123456789abcdef0123456789abcdef"}, id)
	require.Equal(t, text, id.String())
	for _, wrong := range []string{
		"", "2026-11-22", "2026-11-22-", text[:len(text)-1], text + "0", " " + text,
		"2026-02-30-0123456789abcdef0123456789abcdef",
		"2026-11-2200123456789abcdef0123456789abcdef",
		"0000-00-00-0123456789abcdef0123456789abcdef",
		"2026-11-22-0123456789ABCDEF0123456789abcdef",
		"2026-11-22-../3456789abcdef0123456789abcdef",
	} {
		_, err := ParseID(wrong)
		require.ErrorContains(t, err, "parse quarantine id", wrong)
	}
}

func FuzzParseID(f *testing.F) {
	f.Add("2026-11-22-0123456789abcdef0123456789abcdef")
	f.Add("2026-11-22-0123456789abcdef0123456789abcde/")
	f.Fuzz(func(t *testing.T, text string) {
		if id, err := ParseID(text); err == nil {
			require.Equal(t, text, id.String())
		}
	})
}

func TestListPages(t *testing.T) {
	store := objstore.NewCounting(memstore.New())
	var want []Entry
	for i := range 5 {
		keep(t, store, item(strings.Repeat("x", i)))
	}
	require.NoError(t, store.Put(t.Context(), "quarantine/day=2026-11-23/readme.txt", strings.NewReader("x"), 1))
	want = list(t, store)
	require.Len(t, want, 5)

	var got []Entry
	after := ID{}
	for _, more := range []bool{true, true, false} {
		store.Reset()
		entries, isMore, err := List(t.Context(), store, "2026-11-23", after, 2)
		require.NoError(t, err)
		require.Equal(t, more, isMore)
		require.Equal(t, 1, store.Requests())
		got = append(got, entries...)
		after = entries[len(entries)-1].ID
	}
	require.Equal(t, want, got)
	entries, more, err := List(t.Context(), store, "2026-11-24", ID{}, 2)
	require.NoError(t, err)
	require.False(t, more)
	require.Empty(t, entries)
}

// A summary takes one short read, however long the body, the errors and the other fields are.
func TestASummaryTakesOneShortRead(t *testing.T) {
	const longestName = 128
	for name, change := range map[string]func(*Item){
		"long body":   func(i *Item) { i.Body = make([]byte, 8<<20) },
		"many errors": func(i *Item) { i.Errors = slices.Repeat(i.Errors, 20_000) },
		"no errors":   func(i *Item) { i.Errors = nil },
		"long fields": func(i *Item) {
			i.InstanceID, i.Hook = event.InstanceID(strings.Repeat("i", longestName)), strings.Repeat("h", longestName)
			i.Encoding, i.Position = strings.Repeat("e", longestName), strings.Repeat("\ufffd", 1025)
			i.Errors[0].Error = strings.Repeat("e", 8<<10)
		},
	} {
		t.Run(name, func(t *testing.T) {
			store := objstore.NewCounting(memstore.New())
			want := item("x")
			change(&want)
			keep(t, store, want)
			entry := list(t, store)[0]
			store.Reset()
			got, err := GetSummary(t.Context(), store, entry)
			require.NoError(t, err)
			require.Equal(t, summaryOf(want), got)
			require.Equal(t, 1, store.Requests())
			_, read := store.Bytes()
			require.LessOrEqual(t, read, int64(startBytes))
		})
	}
}

func TestDamageIsReported(t *testing.T) {
	store := memstore.New()
	id := keep(t, store, item("x"))
	entry := list(t, store)[0]
	key := "quarantine/day=2026-11-23/" + id.Digest + ".json"
	for _, damaged := range []string{"", "{", `{"route":5}`, `{"other":1}`, `{"error_count":1,"errors":`, `{"error_count":1,"errors":[`, `[]`, "junk", `{"route":"emqx"}`} {
		damaged += strings.Repeat(" ", int(entry.Size)-len(damaged))
		require.NoError(t, store.Put(t.Context(), key, strings.NewReader(damaged), entry.Size))
		_, err := Get(t.Context(), store, id)
		require.ErrorIs(t, err, ErrDamaged)
		_, err = GetSummary(t.Context(), store, entry)
		require.ErrorIs(t, err, ErrDamaged, damaged)
	}
	require.NoError(t, store.Delete(t.Context(), key))
	_, err := Get(t.Context(), store, id)
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = GetSummary(t.Context(), store, entry)
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestStoreFailureIsReported(t *testing.T) {
	store := memstore.New()
	id := keep(t, store, item("x"))
	entry := list(t, store)[0]
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Keep(ctx, store, item("y"))
	require.ErrorIs(t, err, context.Canceled)
	_, _, err = List(ctx, store, "2026-11-23", ID{}, 1)
	require.ErrorIs(t, err, context.Canceled)
	_, err = Get(ctx, store, id)
	require.ErrorIs(t, err, context.Canceled)
	_, err = GetSummary(ctx, store, entry)
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, ErrDamaged)
}

// FuzzObject checks that decoding never panics, and that an encoded item decodes to the same item.
func FuzzObject(f *testing.F) {
	f.Add([]byte(`{"received_at":"2026-11-23T00:59:59.005Z","route":"r","instance_id":"i","errors":[],"body":"x"}`), "hook", "body")
	f.Add([]byte(`{"errors":[{"item":`), "", "\xff")
	f.Fuzz(func(t *testing.T, data []byte, hook, body string) {
		decode(data)
		decodeSummary(data)
		want := item(body)
		want.ReceivedAt, want.Hook = want.ReceivedAt.UTC(), strings.ToValidUTF8(hook, "")
		encoded, err := encode(want)
		require.NoError(t, err)
		got, err := decode(encoded)
		require.NoError(t, err)
		require.Equal(t, want, got)
		summary, err := decodeSummary(encoded)
		require.NoError(t, err)
		require.Equal(t, summaryOf(want), summary)
	})
}
