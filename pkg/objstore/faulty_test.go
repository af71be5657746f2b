package objstore_test

import (
	"context"
	"io/fs"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
)

// putOne puts "v" under "k" into a store with the given fault injected. It returns the put's error,
// and reports whether the object was stored.
func putOne(t *testing.T, fault objstore.Fault) (err error, stored bool) {
	inner := memstore.New()
	faulty := objstore.NewFaulty(inner, func(objstore.Call) objstore.Fault { return fault })
	err = faulty.Put(t.Context(), "k", strings.NewReader("v"), 1)
	_, absent := inner.Read(t.Context(), "k", 0, 1)
	return err, absent == nil
}

func TestFaultyPut(t *testing.T) {
	for _, test := range []struct {
		name   string
		fault  objstore.Fault
		err    error
		stored bool
	}{
		{"no fault", objstore.Fault{}, nil, true},
		{"before", objstore.Fault{Before: objstore.ErrFault}, objstore.ErrFault, false},
		{"midway", objstore.Fault{Midway: objstore.ErrFault}, objstore.ErrFault, false},
		{"after", objstore.Fault{After: objstore.ErrFault}, objstore.ErrFault, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			err, stored := putOne(t, test.fault)
			require.Equal(t, test.err, err)
			require.Equal(t, test.stored, stored)
		})
	}
}

func TestFaultyDeleteMidway(t *testing.T) {
	inner := memstore.New()
	for _, key := range []string{"a", "b", "c"} {
		require.NoError(t, inner.Put(t.Context(), key, strings.NewReader("v"), 1))
	}
	faulty := objstore.NewFaulty(inner, func(objstore.Call) objstore.Fault {
		return objstore.Fault{Midway: objstore.ErrFault}
	})
	require.ErrorIs(t, faulty.Delete(t.Context(), "a", "b", "c"), objstore.ErrFault)
	left, err := objstore.All(t.Context(), inner, "", "")
	require.NoError(t, err)
	require.Len(t, left, 2)
}

func TestFaultyDelaysACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		until := make(chan struct{})
		inner := memstore.New()
		faulty := objstore.NewFaulty(inner, func(objstore.Call) objstore.Fault { return objstore.Fault{Until: until} })
		done := make(chan error, 1)
		go func() { done <- faulty.Put(t.Context(), "k", strings.NewReader("v"), 1) }()
		synctest.Wait()
		_, err := inner.Read(t.Context(), "k", 0, 1)
		require.ErrorIs(t, err, fs.ErrNotExist)
		close(until)
		require.NoError(t, <-done)
	})
}

// A late put must store the bytes that the body contained during the call. This must hold even if
// the caller cancels the context and changes the body before the put takes effect.
func TestFaultyLatePut(t *testing.T) {
	late := make(chan struct{})
	inner := memstore.New()
	faulty := objstore.NewFaulty(inner, func(objstore.Call) objstore.Fault { return objstore.Fault{Late: late} })
	ctx, cancel := context.WithCancel(t.Context())
	body := []byte("v")
	require.ErrorIs(t, faulty.Put(ctx, "k", readerAt(body), 1), objstore.ErrFault)
	cancel()
	body[0] = 'X'
	_, err := inner.Read(t.Context(), "k", 0, 1)
	require.ErrorIs(t, err, fs.ErrNotExist)

	close(late)
	faulty.Settle()
	b, err := inner.Read(t.Context(), "k", 0, 1)
	require.NoError(t, err)
	require.Equal(t, "v", string(b))
}

type readerAt []byte

func (r readerAt) ReadAt(p []byte, off int64) (int, error) {
	return strings.NewReader(string(r)).ReadAt(p, off)
}

// A late call must fail immediately. A late delete must still take effect later. If the body of a
// late put cannot be read, the put must return that error.
func TestFaultyLateCalls(t *testing.T) {
	late := make(chan struct{})
	inner := memstore.New()
	require.NoError(t, inner.Put(t.Context(), "k", strings.NewReader("v"), 1))
	faulty := objstore.NewFaulty(inner, func(objstore.Call) objstore.Fault { return objstore.Fault{Late: late} })
	require.ErrorIs(t, faulty.Delete(t.Context(), "k"), objstore.ErrFault)
	_, err := faulty.List(t.Context(), "", "")
	require.ErrorIs(t, err, objstore.ErrFault)
	require.ErrorIs(t, faulty.Put(t.Context(), "k", unreadable{}, 1), fs.ErrClosed)
	_, err = inner.Read(t.Context(), "k", 0, 1)
	require.NoError(t, err)
	close(late)
	faulty.Settle()
	_, err = inner.Read(t.Context(), "k", 0, 1)
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// If the context ends while a call is delayed, the call must fail without any effect.
func TestFaultyDelayEndsWithTheContext(t *testing.T) {
	inner := objstore.NewCounting(memstore.New())
	faulty := objstore.NewFaulty(inner, func(objstore.Call) objstore.Fault { return objstore.Fault{Until: make(chan struct{})} })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, faulty.Put(ctx, "k", strings.NewReader("v"), 1), context.Canceled)
	require.Zero(t, inner.Requests())
}

// unreadable is a body that cannot be read.
type unreadable struct{}

func (unreadable) ReadAt([]byte, int64) (int, error) { return 0, fs.ErrClosed }

// Every operation must pass on the error of the wrapped store and return no result with it.
func TestFaultyPassesErrors(t *testing.T) {
	inner := objstore.NewFaulty(memstore.New(), func(objstore.Call) objstore.Fault { return objstore.Fault{Before: fs.ErrInvalid} })
	faulty := objstore.NewFaulty(inner, nil)
	require.ErrorIs(t, faulty.Put(t.Context(), "k", strings.NewReader("v"), 1), fs.ErrInvalid)
	b, err := faulty.Read(t.Context(), "k", 0, 1)
	require.ErrorIs(t, err, fs.ErrInvalid)
	require.Nil(t, b)
	_, err = faulty.List(t.Context(), "", "")
	require.ErrorIs(t, err, fs.ErrInvalid)
	_, err = faulty.Prefixes(t.Context(), "", "")
	require.ErrorIs(t, err, fs.ErrInvalid)
	require.ErrorIs(t, faulty.Delete(t.Context(), "k"), fs.ErrInvalid)
}

func TestFaultySetHookRestartsSeq(t *testing.T) {
	faulty := objstore.NewFaulty(memstore.New(), nil)
	_, err := faulty.List(t.Context(), "", "")
	require.NoError(t, err)
	var seen []objstore.Call
	faulty.SetHook(func(call objstore.Call) objstore.Fault { seen = append(seen, call); return objstore.Fault{} })
	_, err = faulty.List(t.Context(), "p", "q")
	require.NoError(t, err)
	require.Equal(t, []objstore.Call{{Op: objstore.OpList, Seq: 1, Key: "p", After: "q"}}, seen)
}
