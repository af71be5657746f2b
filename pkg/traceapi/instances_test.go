package traceapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/query"
)

// everything is a directory of a bucket in which every instance has events.
type everything struct{}

func (everything) Instances(context.Context, int) (query.Instances, error) {
	return query.Instances{IDs: []event.InstanceID{"i"}, Receipt: receipt}, nil
}

func (everything) InstancesAmong(_ context.Context, ids []event.InstanceID) (query.Instances, error) {
	return query.Instances{IDs: ids, Receipt: receipt}, nil
}

// bucketOf returns a store that counts its requests and has one object for each given instance.
func bucketOf(t *testing.T, instances ...string) *objstore.Counting {
	t.Helper()
	store := memstore.New()
	for _, instance := range instances {
		key := "events/instance=" + instance + "/shard=4/day=2026-11-22/x"
		require.NoError(t, store.Put(t.Context(), key, bytes.NewReader(nil), 0))
	}
	return objstore.NewCounting(store)
}

// apiOn returns an API that reads from the given store. Its clock shows now, and its retention is 30
// days.
func apiOn(t testing.TB, store query.Store) api {
	t.Helper()
	reader, err := query.New(store, query.Config{})
	require.NoError(t, err)
	return newAPI(reader, openerOf(reader), func() time.Time { return now }, 30*day)
}

func TestInstances(t *testing.T) {
	for name, c := range map[string]struct {
		token    string
		in       []string
		want     string
		requests int
	}{
		"all":                        {"secret", []string{"prod", "prod-1", "j", "i"}, `["i","j","prod","prod-1"]`, 1},
		"none at all":                {"secret", nil, `[]`, 1},
		"the token's own":            {"narrow", []string{"i", "j"}, `["i"]`, 1},
		"not the token's":            {"narrow", []string{"j", "ii", "i-1"}, `[]`, 1},
		"several of the token's":     {"several", []string{"a", "c", "d", "prod"}, `["a","c"]`, 3},
		"keys that name no instance": {"secret", []string{"a b", "", "prod"}, `["prod"]`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			store := bucketOf(t, c.in...)
			w := do(apiOn(t, store), "GET", instancesPath, "Authorization", "Bearer "+c.token)
			require.Equal(t, http.StatusOK, w.Code, w.Body)
			var got struct {
				Instances json.RawMessage
				More      *bool
				Receipt   query.Receipt
			}
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
			require.JSONEq(t, c.want, string(got.Instances))
			require.Nil(t, got.More)
			require.Equal(t, c.requests, got.Receipt.Requests)
			require.Len(t, store.Calls(), c.requests)
			for _, call := range store.Calls() {
				require.Equal(t, objstore.OpPrefixes, call.Op)
				if c.token != "secret" {
					require.True(t, strings.HasPrefix(call.Key, "events/instance="), "a token for some instances must not list the others")
				}
			}
		})
	}
}

// The list must be limited in requests and bytes, and must say whether there are more instances.
func TestInstancesAreBounded(t *testing.T) {
	var instances []string
	for i := range maxInstances + 1 {
		instances = append(instances, fmt.Sprintf("%0128d", i))
	}
	for n, want := range map[int]struct {
		listed, requests int
		more             bool
	}{1001: {1001, 2, false}, maxInstances: {maxInstances, 10, false}, maxInstances + 1: {maxInstances, 11, true}} {
		w := ask(apiOn(t, bucketOf(t, instances[:n]...)), instancesPath)
		var got instancesResponse
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
		require.Len(t, got.Instances, want.listed)
		require.True(t, slices.IsSorted(got.Instances))
		require.Equal(t, want.more, got.More)
		require.Equal(t, want.requests, got.Receipt.Requests)
		require.Less(t, w.Body.Len(), 1_400_000)
	}
}

func TestInstancesFail(t *testing.T) {
	w := ask(apiOn(t, bucketOf(t, "prod")), instancesPath+"?instance=prod")
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Contains(t, w.Body.String(), `\"instance\" is not a parameter of this path; it has no parameters`)
	broken := objstore.NewFaulty(memstore.New(), func(objstore.Call) objstore.Fault { return objstore.Fault{Before: objstore.ErrFault} })
	for _, token := range []string{"secret", "narrow"} {
		w = do(apiOn(t, broken), "GET", instancesPath, "Authorization", "Bearer "+token)
		require.Equal(t, http.StatusServiceUnavailable, w.Code)
	}
}

// An instance that the token does not cover must be refused before any request to the store. The
// response must not depend on whether the instance exists.
func TestForbiddenBeforeAnyRead(t *testing.T) {
	store := bucketOf(t, "i", "there")
	a := apiOn(t, store)
	for _, path := range []string{"trace", "status", "diagnosis"} {
		var bodies []string
		for _, instance := range []string{"there", "absent"} {
			w := do(a, "GET", "/api/v1/"+path+"?client=c&instance="+instance, "Authorization", "Bearer narrow")
			require.Equal(t, http.StatusForbidden, w.Code)
			bodies = append(bodies, w.Body.String())
		}
		require.Equal(t, bodies[0], bodies[1])
	}
	require.Empty(t, store.Calls())
}

// An invalid instance identifier must be refused before any request to the store.
func TestImpossibleInstances(t *testing.T) {
	store := bucketOf(t, "i")
	a := apiOn(t, store)
	for _, instance := range []string{"a%2Fb", "i%2Fshard=4", "a%20b", "%C3%A9", strings.Repeat("x", 129)} {
		for _, path := range []string{"trace", "status", "diagnosis"} {
			w := ask(a, "/api/v1/"+path+"?client=c&instance="+instance)
			require.Equal(t, http.StatusBadRequest, w.Code)
			require.Contains(t, w.Body.String(), `"error":"instance must be 1 to 128 letters, digits, '_', '-' or '.'"`)
		}
	}
	require.Empty(t, store.Calls())
}
