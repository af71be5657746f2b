package quarantine

import (
	"context"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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

			want.Body = nil
			got, err = GetWithoutBody(t.Context(), store, list(t, store)[0])
			require.NoError(t, err)
			require.Equal(t, want, got)
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
	data := `{"received_at":"2026-11-23T00:59:59.005Z","route":"emqx","instance_id":"prod","errors":[{"item":3,"field":"clientid","error":"is missing"}],"body":"x"}` + "\n"
	id := ID{Day: "2026-11-23", Digest: "452df19646f41fa18ffbf435d901019e"}
	require.NoError(t, store.Put(t.Context(), "quarantine/day=2026-11-23/"+id.Digest+".json", strings.NewReader(data), int64(len(data))))
	want := Item{
		ReceivedAt: received.UTC(), Route: "emqx", InstanceID: "prod",
		Errors: []Error{{Item: 3, Field: "clientid", Error: "is missing"}}, Body: []byte("x"),
	}
	got, err := Get(t.Context(), store, id)
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Equal(t, id, keep(t, store, want), "the bytes are the same")
	want.Body = nil
	got, err = GetWithoutBody(t.Context(), store, list(t, store)[0])
	require.NoError(t, err)
	require.Equal(t, want, got)
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

func TestGetWithoutBodyReadsNoBody(t *testing.T) {
	for name, c := range map[string]struct {
		errors, body int
		maxRead      int64
		calls        int
	}{
		"long body":               {1, 8 << 20, 256 << 10, 1},
		"more errors than usual":  {20_000, 1, 4 << 20, 2},
		"a thousand usual errors": {1_000, 8 << 20, 256 << 10, 1},
	} {
		t.Run(name, func(t *testing.T) {
			store := objstore.NewCounting(memstore.New())
			want := item(strings.Repeat("x", c.body))
			for i := range c.errors {
				want.Errors = append(want.Errors, Error{Item: i, Field: "connected_at", Error: "must be RFC 3339 or Unix milliseconds, no earlier than the retention"})
			}
			keep(t, store, want)
			entry := list(t, store)[0]
			store.Reset()
			got, err := GetWithoutBody(t.Context(), store, entry)
			require.NoError(t, err)
			want.ReceivedAt, want.Body = want.ReceivedAt.UTC(), nil
			require.Equal(t, want, got)
			require.Equal(t, c.calls, store.Requests())
			_, read := store.Bytes()
			require.LessOrEqual(t, read, c.maxRead)
		})
	}
}

func TestDamageIsReported(t *testing.T) {
	store := memstore.New()
	id := keep(t, store, item("x"))
	entry := list(t, store)[0]
	key := "quarantine/day=2026-11-23/" + id.Digest + ".json"
	for _, damaged := range []string{"", "{", `{"route":5}`, `{"other":1}`, `[]`, "junk", `{"route":"emqx"}`} {
		damaged += strings.Repeat(" ", int(entry.Size)-len(damaged))
		require.NoError(t, store.Put(t.Context(), key, strings.NewReader(damaged), entry.Size))
		_, err := Get(t.Context(), store, id)
		require.ErrorIs(t, err, ErrDamaged)
		_, err = GetWithoutBody(t.Context(), store, entry)
		require.ErrorIs(t, err, ErrDamaged, damaged)
	}
	require.NoError(t, store.Delete(t.Context(), key))
	_, err := Get(t.Context(), store, id)
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = GetWithoutBody(t.Context(), store, entry)
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
	_, err = GetWithoutBody(ctx, store, entry)
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, ErrDamaged)
}

// FuzzObject checks that decoding never panics, and that an encoded item decodes to the same item.
func FuzzObject(f *testing.F) {
	f.Add([]byte(`{"received_at":"2026-11-23T00:59:59.005Z","route":"r","instance_id":"i","errors":[],"body":"x"}`), "hook", "body")
	f.Add([]byte(`{"errors":[{"item":`), "", "\xff")
	f.Fuzz(func(t *testing.T, data []byte, hook, body string) {
		decode(data)
		decodeStart(data)
		want := item(body)
		want.ReceivedAt, want.Hook = want.ReceivedAt.UTC(), strings.ToValidUTF8(hook, "")
		encoded, err := encode(want)
		require.NoError(t, err)
		got, err := decode(encoded)
		require.NoError(t, err)
		require.Equal(t, want, got)
		got, err = decodeStart(encoded)
		require.NoError(t, err)
		want.Body = nil
		require.Equal(t, want, got)
	})
}
