package traceapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/query"
)

const (
	withMarker    = true
	withoutMarker = false
)

// usedBucket returns a store that counts its requests. In it, each given instance has one event of
// the client "c", half an hour before now. The store has a layout marker if hasMarker is true.
func usedBucket(t *testing.T, hasMarker bool, instances ...event.InstanceID) *objstore.Counting {
	t.Helper()
	store := memstore.New()
	if hasMarker {
		store = emptyBucket(t)
	}
	for _, id := range instances {
		e := full
		e.InstanceID, e.ClientID, e.Time = id, "c", now.Add(-defaultSpan/2)
		putObject(t, store, 1, e)
	}
	return objstore.NewCounting(store)
}

// found holds the parts of a response that concern the instance and the cost.
type found struct {
	InstanceKnown *bool           `json:"instance_known"`
	Instances     json.RawMessage `json:"instances"`
	MoreInstances bool            `json:"more_instances"`
	BucketEmpty   bool            `json:"bucket_empty"`
	Receipt       query.Receipt
	Plan          []query.Step
}

// TestAbsence checks what responses say about an instance, and how many extra requests they take.
// The client "c" has an event, and the client "x" has none. They are in different shards.
func TestAbsence(t *testing.T) {
	for name, c := range map[string]struct {
		store   *objstore.Counting
		token   string
		device  string
		absent  bool
		others  string // as JSON
		isEmpty bool
		extra   int
	}{
		"events":                                {usedBucket(t, withMarker, "i", "j"), "secret", "instance=i&client=c", false, "", false, 0},
		"an unknown device of a known instance": {usedBucket(t, withMarker, "i", "j"), "secret", "instance=i&client=x", false, "", false, 1},
		"an unknown instance":                   {usedBucket(t, withMarker, "prod", "test"), "secret", "instance=prdo&client=c", true, `["prod","test"]`, false, 2},
		"the token's only instance":             {usedBucket(t, withMarker, "prod"), "narrow", "instance=i&client=c", true, `[]`, false, 1},
		"an unknown instance of several":        {usedBucket(t, withMarker, "prod", "a", "c"), "several", "instance=b&client=c", true, `["a","c"]`, false, 3},
		"a bucket with a marker only":           {usedBucket(t, withMarker), "secret", "instance=i&client=c", true, `[]`, false, 2},
		"an empty bucket":                       {usedBucket(t, withoutMarker), "secret", "instance=i&client=c", true, `[]`, true, 2},
		"an empty bucket, one-instance token":   {usedBucket(t, withoutMarker), "narrow", "instance=i&client=c", true, `[]`, true, 1},
	} {
		for _, path := range []string{"trace", "status", "days", "diagnosis"} {
			t.Run(name+" "+path, func(t *testing.T) {
				a := apiOn(t, c.store)
				a.retention = 0
				url := "/api/v1/" + path + "?" + c.device
				if path == "trace" {
					url += "&explain=1"
				}
				c.store.Reset()
				w := do(a, "GET", url, "Authorization", "Bearer "+c.token)
				require.Equal(t, http.StatusOK, w.Code, w.Body)
				var got found
				require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
				require.Equal(t, c.absent, got.InstanceKnown != nil && !*got.InstanceKnown)
				require.Equal(t, c.others, string(got.Instances))
				require.Equal(t, c.isEmpty, got.BucketEmpty)
				require.Equal(t, c.extra, len(c.store.Of(objstore.OpPrefixes)))
				require.Equal(t, c.store.Requests(), got.Receipt.Requests, "the receipt must count every request")
				if path == "trace" {
					require.Len(t, got.Plan, got.Receipt.Requests)
				}
				if c.token != "secret" {
					for _, call := range c.store.Of(objstore.OpPrefixes) {
						require.NotEqual(t, layout.EventsPrefix, call.Key, "a token for some instances must not list the others")
					}
				}
			})
		}
	}
}

func TestAbsenceIsAsDescribed(t *testing.T) {
	whole := parseDescription(t)
	for _, store := range []*objstore.Counting{usedBucket(t, withMarker, "prod"), usedBucket(t, withoutMarker)} {
		for path, schema := range map[string]string{"trace": "Trace", "status": "StatusResponse", "days": "Days", "diagnosis": "Diagnosis"} {
			var got any
			require.NoError(t, json.Unmarshal(ask(apiOn(t, store), "/api/v1/"+path+"?instance=i&client=c").Body.Bytes(), &got))
			require.NoError(t, fits(whole, object{"$ref": "#/components/schemas/" + schema}, got))
			require.Contains(t, got, "instance_known")
		}
	}
}

// CSV and NDJSON responses must state the absence in headers.
func TestAbsenceInHeaders(t *testing.T) {
	for _, format := range []string{"csv", "ndjson"} {
		for instance, want := range map[string][2]string{"i": {"", ""}, "prdo": {"false", ""}} {
			header := ask(apiOn(t, usedBucket(t, withMarker, "i")), "/api/v1/trace?client=x&instance="+instance+"&format="+format).Header()
			require.Equal(t, want, [2]string{header.Get("X-Instance-Known"), header.Get("X-Bucket-Empty")})
		}
		header := ask(apiOn(t, usedBucket(t, withoutMarker)), trace+"&format="+format).Header()
		require.Equal(t, []string{"false", "true"}, []string{header.Get("X-Instance-Known"), header.Get("X-Bucket-Empty")})
	}
}

func TestAbsenceListsSomeInstances(t *testing.T) {
	var many []event.InstanceID
	for i := range maxSuggested + 1 {
		many = append(many, event.InstanceID(fmt.Sprintf("instance%04d", i)))
	}
	for n, more := range map[int]bool{maxSuggested: false, maxSuggested + 1: true} {
		store := usedBucket(t, withMarker, many[:n]...)
		var got found
		require.NoError(t, json.Unmarshal(ask(apiOn(t, store), trace).Body.Bytes(), &got))
		var listed []event.InstanceID
		require.NoError(t, json.Unmarshal(got.Instances, &listed))
		require.Equal(t, many[:maxSuggested], listed)
		require.Equal(t, more, got.MoreInstances)
		require.Len(t, store.Of(objstore.OpPrefixes), 2)
	}
	a := apiOn(t, memstore.New())
	a.directory = crowded{many}
	absent, err := a.absenceOf(t.Context(), permission{}, "i", &query.Result{NoSegments: true})
	require.NoError(t, err)
	require.Len(t, absent.Instances, maxSuggested, "even if the token covers more instances")
	require.True(t, absent.MoreInstances)
}

// crowded is a directory in which a token covers many instances with events, but the instance "i"
// has none.
type crowded struct{ ids []event.InstanceID }

func (c crowded) Instances(context.Context, int) (query.Instances, error) {
	panic("not for this token")
}

func (c crowded) InstancesAmong(_ context.Context, ids []event.InstanceID) (query.Instances, error) {
	if len(ids) == 1 {
		return query.Instances{}, nil
	}
	return query.Instances{IDs: c.ids}, nil
}

// If the bucket has events but no layout marker, a trace finds nothing. The response must be an
// error, whether the events belong to the requested instance or to another one.
func TestAMissingMarkerIsAnError(t *testing.T) {
	store := usedBucket(t, withoutMarker, "i", "j")
	for _, device := range []string{"instance=i&client=c", "instance=other&client=c"} {
		for _, path := range []string{"trace", "status", "days", "diagnosis"} {
			w := ask(apiOn(t, store), "/api/v1/"+path+"?"+device)
			require.Equal(t, http.StatusServiceUnavailable, w.Code)
			require.Contains(t, w.Body.String(), `"code":"LayoutMismatch"`)
		}
	}
}

// If a request that looks for instances fails, the response must be an error, not a statement that
// there are no instances.
func TestAbsenceFails(t *testing.T) {
	for failing := 1; failing <= 2; failing++ {
		prefixes := 0
		store := objstore.NewFaulty(usedBucket(t, withMarker, "prod"), func(call objstore.Call) objstore.Fault {
			if call.Op == objstore.OpPrefixes {
				prefixes++
			}
			if prefixes == failing {
				return objstore.Fault{Before: objstore.ErrFault}
			}
			return objstore.Fault{}
		})
		for _, path := range []string{"trace", "status", "days", "diagnosis"} {
			prefixes = 0
			w := ask(apiOn(t, store), "/api/v1/"+path+"?instance=i&client=c")
			require.Equal(t, http.StatusServiceUnavailable, w.Code)
		}
	}
}

// A cached response that states an absence must become invalid once the instance has an event.
func TestAbsenceHasItsOwnEntityTag(t *testing.T) {
	empty, used := apiOn(t, usedBucket(t, withMarker, "prod")), apiOn(t, usedBucket(t, withMarker, "i", "prod"))
	for _, path := range []string{"trace", "diagnosis"} {
		url := "/api/v1/" + path + "?instance=i&client=x&from=2026-11-22T06:00:00Z&to=2026-11-22T07:00:00Z"
		require.NotEqual(t, ask(empty, url).Header().Get("ETag"), ask(used, url).Header().Get("ETag"))
	}
}
