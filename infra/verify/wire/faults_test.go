package wire_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/verify/wire"
	"devicetrace/pkg/objstore"
)

// once injects the fault into the first request, provided that the fault applies to this request.
// All later requests pass unchanged.
func once(proxy *wire.Proxy, fault wire.Fault) {
	proxy.SetHook(func(r wire.Request) *wire.Fault {
		if r.Seq > 1 || !fault.Applies(r.Request) {
			return nil
		}
		return &fault
	})
}

// Without retries, every fault must make a call fail, except in the cases listed below. After a put
// with a fault, the object must be in the store if and only if the fault's name is in stored or
// onlyOfReads.
func TestFaultsAreWhatTheySay(t *testing.T) {
	harmless := map[string]bool{"twice": true}
	// A put succeeds even if its response is cut, because the response header already confirms it.
	putPasses := map[string]bool{"response cut": true}
	onlyOfReads := map[string]bool{"slice damaged": true, "whole object": true, "slice short": true, "object short": true, "another slice": true}
	onlyOfPuts := map[string]bool{"body damaged": true}
	unseenInAPart := map[string]bool{"slice damaged": true, "wrong checksum": true}
	stored := map[string]bool{
		"reset after": true, "hang after": true, "hang, late": true, "twice": true, "response cut": true,
		"500 after": true, "wrong checksum": true, "reset, delayed": true,
	}
	for _, fault := range wire.Faults() {
		t.Run(fault.Name, func(t *testing.T) {
			t.Parallel()
			proxy := wire.New(standIn(t))
			store := newHasty(connect(t, closing{proxy}))
			proxy.SetHung(store.giveUp)
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			require.NoError(t, store.Put(t.Context(), "read", strings.NewReader("0123456789"), 10))

			once(proxy, fault)
			err := store.Put(ctx, "put", strings.NewReader("v"), 1)
			require.Equal(t, harmless[fault.Name] || putPasses[fault.Name] || onlyOfReads[fault.Name], err == nil, "put: %v", err)
			require.False(t, objstore.IsPermanent(err))
			proxy.SetHook(nil)
			if strings.HasSuffix(fault.Name, "delayed") {
				requireKeys(t, store, "read")
			}
			proxy.Settle()
			want := []string{"read"}
			if stored[fault.Name] || onlyOfReads[fault.Name] {
				want = []string{"put", "read"}
			}
			requireKeys(t, store, want...)

			once(proxy, fault)
			got, err := store.Read(ctx, "read", 2, 5)
			passes := harmless[fault.Name] || onlyOfPuts[fault.Name] || unseenInAPart[fault.Name]
			require.Equal(t, passes, err == nil, "read: %v", err)
			if passes && fault.Name != "slice damaged" {
				require.Equal(t, "23456", string(got))
			}

			once(proxy, fault)
			_, err = store.List(ctx, "", "")
			listed := harmless[fault.Name] || onlyOfPuts[fault.Name] || onlyOfReads[fault.Name] || fault.Name == "wrong checksum"
			require.Equal(t, listed, err == nil, "list: %v", err)
		})
	}
}

// closing is a handler that closes each connection after one response. This prevents Go's HTTP
// client from silently retrying a failed request, as it may do on a reused connection. The test
// would not notice a fault hidden by such a retry.
type closing struct{ http.Handler }

func (c closing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Connection", "close")
	c.Handler.ServeHTTP(w, r)
}

func keys(t *testing.T, store objstore.Store) (all []string) {
	objects, err := objstore.All(t.Context(), store, "", "")
	require.NoError(t, err)
	for _, o := range objects {
		all = append(all, o.Key)
	}
	return all
}

func requireKeys(t *testing.T, store objstore.Store, want ...string) {
	t.Helper()
	require.Equal(t, want, keys(t, store))
}
