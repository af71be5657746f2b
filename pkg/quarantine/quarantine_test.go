package quarantine

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
)

// bucket is a store of one page.
type bucket map[string][]byte

func (b bucket) Put(_ context.Context, key string, body io.ReaderAt, size int64) error {
	data := make([]byte, size)
	_, err := body.ReadAt(data, 0)
	b[key] = data
	return err
}

func (b bucket) Read(_ context.Context, key string, off, n int64) ([]byte, error) {
	data, ok := b[key]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return data[off : off+n], nil
}

func (b bucket) List(_ context.Context, prefix, _ string) (objstore.Page, error) {
	var page objstore.Page
	for key, data := range b {
		if strings.HasPrefix(key, prefix) {
			page.Objects = append(page.Objects, objstore.Object{Key: key, Size: int64(len(data))})
		}
	}
	return page, nil
}

var received = time.Date(2026, 11, 22, 23, 59, 59, 5e6, time.FixedZone("", -3600)) // the 23rd in UTC

func item(body string) Item {
	return Item{
		ReceivedAt: received, Route: "emqx", InstanceID: "prod",
		Errors: []Error{{Item: 3, Field: "clientid", Error: "is missing"}},
		Body:   []byte(body),
	}
}

func TestKeepListGet(t *testing.T) {
	for name, body := range map[string]string{
		"text": "{\"a\":\"<é>\u0000\"}\n", "not UTF-8": "\xff\x00\xfe", "empty": "", "text beside the replacement character": "\ufffd",
	} {
		t.Run(name, func(t *testing.T) {
			store := bucket{}
			id, err := Keep(t.Context(), store, item(body))
			require.NoError(t, err)
			require.Contains(t, store, "quarantine/day=2026-11-23/"+id+".json")

			entries, err := List(t.Context(), store, "2026-11-23")
			require.NoError(t, err)
			require.Len(t, entries, 1)
			require.Equal(t, id, entries[0].ID)

			got, err := Get(t.Context(), store, entries[0])
			require.NoError(t, err)
			want := item(body)
			want.ReceivedAt = want.ReceivedAt.UTC()
			require.Equal(t, want, got)
		})
	}
}

func TestKeepTwiceIsOneObject(t *testing.T) {
	store := bucket{}
	first, err := Keep(t.Context(), store, item("x"))
	require.NoError(t, err)
	again, err := Keep(t.Context(), store, item("x"))
	require.NoError(t, err)
	other, err := Keep(t.Context(), store, item("y"))
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.NotEqual(t, first, other)
	require.Len(t, store, 2)
}

func TestListLeavesOutForeignKeys(t *testing.T) {
	store := bucket{"quarantine/day=2026-11-23/readme.txt": []byte("x")}
	entries, err := List(t.Context(), store, "2026-11-23")
	require.NoError(t, err)
	require.Empty(t, entries)
}

func TestGetRefusesChangedBytes(t *testing.T) {
	store := bucket{}
	id, err := Keep(t.Context(), store, item("x"))
	require.NoError(t, err)
	key := layout.QuarantineKey(received, id)
	store[key][10] ^= 1
	_, err = Get(t.Context(), store, Entry{Day: "2026-11-23", ID: id, Size: int64(len(store[key]))})
	require.ErrorContains(t, err, "another digest")
	delete(store, key)
	_, err = Get(t.Context(), store, Entry{Day: "2026-11-23", ID: id, Size: 1})
	require.ErrorIs(t, err, fs.ErrNotExist)
}

type failing struct{}

func (failing) Put(context.Context, string, io.ReaderAt, int64) error { return errors.New("gone") }

func TestKeepTellsFailure(t *testing.T) {
	_, err := Keep(t.Context(), failing{}, item("x"))
	require.ErrorContains(t, err, "gone")
}
