package objstoretest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/objstore"
)

func canceledBefore(t *testing.T, store objstore.Store) {
	put(t, store, "k", "v")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()

	require.ErrorIs(t, store.Put(ctx, "new", strings.NewReader("v"), 1), context.Canceled)
	_, err := store.Read(ctx, "k", 0, 1)
	require.ErrorIs(t, err, context.Canceled)
	_, err = store.List(ctx, "", "")
	require.ErrorIs(t, err, context.Canceled)
	_, err = store.Prefixes(ctx, "", "")
	require.ErrorIs(t, err, context.Canceled)
	err = store.Delete(ctx, "k")
	require.ErrorIs(t, err, context.Canceled)
	requireDeleteError(t, err, "k")

	require.Equal(t, []string{"k"}, keys(t, store, "", ""))
	requireObject(t, store, "k", "v")
}

// requireDeleteError requires err to be a DeleteError with the given keys.
func requireDeleteError(t *testing.T, err error, want ...string) {
	t.Helper()
	var failed *objstore.DeleteError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, want, failed.Keys)
}

// A put that is canceled while it runs must store the whole object or nothing.
func canceledDuring(t *testing.T, store objstore.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	text := strings.Repeat("half", 100_000)
	body := brokenBody{text, func() error { cancel(); return nil }}
	err := store.Put(ctx, "k", body, int64(len(text)))

	_, absent := store.Read(t.Context(), "k", 0, 1)
	if errors.Is(absent, fs.ErrNotExist) {
		require.Error(t, err)
		return
	}
	requireObject(t, store, "k", text)
}

// concurrentUse puts, reads, lists and deletes from several goroutines at the same time. All
// goroutines put the same object under a shared key. Each goroutine also puts objects under keys of
// its own. A read must never return a partially written object.
func concurrentUse(t *testing.T, store objstore.Store) {
	const workers, rounds = 8, 20
	shared := strings.Repeat("shared", 2000)
	put(t, store, "shared", shared)

	var work sync.WaitGroup
	errs := make([]error, workers)
	for i := range workers {
		work.Go(func() {
			for round := range rounds {
				errs[i] = errors.Join(errs[i], useStore(t.Context(), store, fmt.Sprintf("own/%d/%02d", i, round), shared))
			}
		})
	}
	work.Wait()
	require.NoError(t, errors.Join(errs...))
	requireObject(t, store, "shared", shared)
	require.Len(t, keys(t, store, "own/", ""), workers*rounds)
}

// useStore makes the calls of one goroutine in one round. It puts and reads the object "shared"
// with the given content. It then puts and reads an object under ownKey whose content is ownKey
// itself. Finally, it looks for this object in a listing and deletes an absent object.
func useStore(ctx context.Context, store objstore.Store, ownKey, sharedContent string) error {
	var err error
	keep := func(e error) { err = errors.Join(err, e) }

	keep(store.Put(ctx, "shared", strings.NewReader(sharedContent), int64(len(sharedContent))))
	keep(expect(ctx, store, "shared", sharedContent))
	keep(store.Put(ctx, ownKey, strings.NewReader(ownKey), int64(len(ownKey))))
	keep(expect(ctx, store, ownKey, ownKey))
	page, e := store.List(ctx, ownKey, "")
	keep(e)
	if !slices.ContainsFunc(page.Objects, func(o objstore.Object) bool { return o.Key == ownKey }) {
		keep(fmt.Errorf("%q is not in its listing", ownKey))
	}
	keep(store.Delete(ctx, ownKey+"/absent"))
	return err
}

func expect(ctx context.Context, store objstore.Store, key, want string) error {
	got, err := store.Read(ctx, key, 0, int64(len(want)))
	if err == nil && string(got) != want {
		return fmt.Errorf("read %q: got %d bytes that differ: %w", key, len(got), io.ErrUnexpectedEOF)
	}
	return err
}
