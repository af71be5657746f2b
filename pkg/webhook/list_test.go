package webhook

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/objstore"
	"devicetrace/pkg/quarantine"
)

func TestListing(t *testing.T) {
	b := &harness{}
	ids := map[time.Duration]quarantine.ID{}
	for _, before := range []time.Duration{3 * time.Hour, time.Hour, 2 * time.Hour, 24 * time.Hour} {
		ids[before] = b.keep(t, before, "body")
	}
	got := decoded[listResponse](t, b.admin("GET", ""), 200)
	require.Equal(t, "2026-11-22", string(got.Day))
	require.Empty(t, got.NextAfter)
	require.Len(t, got.Items, 3)
	for i, before := range []time.Duration{time.Hour, 2 * time.Hour, 3 * time.Hour} {
		require.Equal(t, listedItem{
			ID: ids[before].String(), ReceivedAt: now.Add(-before), Route: "events", InstanceID: "prod", Size: 214, Errors: 2,
			FirstError: &quarantine.Error{Item: 1, Field: "action", Error: "must be a word"},
		}, got.Items[i])
	}
	got = decoded[listResponse](t, b.admin("GET", "/?day=2026-11-21"), 200)
	require.Len(t, got.Items, 1)
	require.Equal(t, ids[24*time.Hour].String(), got.Items[0].ID)
	require.Equal(t, `{"day":"2026-11-20","items":[]}`+"\n", b.admin("GET", "?day=2026-11-20").Body.String())
}

func TestListingPages(t *testing.T) {
	b := &harness{}
	want := map[string]bool{}
	for i := range 60 {
		want[b.keep(t, 0, strings.Repeat("x", i)).String()] = true
	}
	got := map[string]bool{}
	path := ""
	for _, items := range []int{50, 10} {
		response := decoded[listResponse](t, b.admin("GET", path), 200)
		require.Len(t, response.Items, items)
		for _, item := range response.Items {
			got[item.ID] = true
		}
		path = "?after=" + response.NextAfter
		require.Equal(t, items == 10, response.NextAfter == "")
	}
	require.Equal(t, want, got)
	for limit, items := range map[int]int{1: 1, 7: 7, 200: 60} {
		require.Len(t, decoded[listResponse](t, b.admin("GET", fmt.Sprint("?limit=", limit)), 200).Items, items)
	}
}

// TestListingCost checks that listing the quarantine takes one store request for the listing and
// one for each item in the response, however many other items exist.
func TestListingCost(t *testing.T) {
	b := &harness{}
	for i := range 30 {
		b.keep(t, 0, strings.Repeat("x", i))
	}
	counting := objstore.NewCounting(b.memory(t.Context()))
	config := b.config()
	config.Store = counting
	handler := mustNew(config)
	for path, want := range map[string]int{"?limit=5": 6, "": 31, "/" + b.first(t): 2} {
		counting.Reset()
		w := call(handler, "GET", "/webhooks/quarantine"+path, nil, bearer("admin")...)
		require.Equal(t, 200, w.Code, w.Body)
		require.Equal(t, want, counting.Requests(), path)
	}
}

// first returns the id of the first item in the listing.
func (b *harness) first(t *testing.T) string {
	return decoded[listResponse](t, b.admin("GET", "?limit=1"), 200).Items[0].ID
}
