package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/objstore"
	"devicetrace/pkg/quarantine"
	"devicetrace/pkg/serve"
)

// admin sends a request with the admin's token.
func (b *bench) admin(method, path string) *httptest.ResponseRecorder {
	return b.do(method, "/webhooks/quarantine"+path, nil, bearer("admin")...)
}

// keep puts an item into quarantine that came so long before now.
func (b *bench) keep(t *testing.T, before time.Duration, body string) quarantine.ID {
	t.Helper()
	id, err := quarantine.Keep(t.Context(), b, quarantine.Item{
		ReceivedAt: now.Add(-before), Route: "events", InstanceID: "prod", Body: []byte(body),
		Errors: []quarantine.Error{{Item: 1, Field: "action", Error: "must be a word"}, {Item: 2, Error: "is bad too"}},
	})
	require.NoError(t, err)
	return id
}

// decoded is a JSON answer of a status.
func decoded[T any](t *testing.T, w *httptest.ResponseRecorder, status int) (answer T) {
	t.Helper()
	require.Equal(t, status, w.Code, w.Body)
	decoder := json.NewDecoder(w.Body)
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&answer))
	return answer
}

func TestListing(t *testing.T) {
	b := &bench{}
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
			ID: ids[before].String(), ReceivedAt: now.Add(-before), Route: "events", InstanceID: "prod", Size: 198, Errors: 2,
			FirstError: &quarantine.Error{Item: 1, Field: "action", Error: "must be a word"},
		}, got.Items[i])
	}
	got = decoded[listResponse](t, b.admin("GET", "/?day=2026-11-21"), 200)
	require.Len(t, got.Items, 1)
	require.Equal(t, ids[24*time.Hour].String(), got.Items[0].ID)
	require.Equal(t, `{"day":"2026-11-20","items":[]}`+"\n", b.admin("GET", "?day=2026-11-20").Body.String())
}

func TestListingPages(t *testing.T) {
	b := &bench{}
	want := map[string]bool{}
	for i := range 60 {
		want[b.keep(t, 0, strings.Repeat("x", i)).String()] = true
	}
	got := map[string]bool{}
	path := ""
	for _, items := range []int{50, 10} {
		page := decoded[listResponse](t, b.admin("GET", path), 200)
		require.Len(t, page.Items, items)
		for _, item := range page.Items {
			got[item.ID] = true
		}
		path = "?after=" + page.NextAfter
		require.Equal(t, items == 10, page.NextAfter == "")
	}
	require.Equal(t, want, got)
	require.Len(t, decoded[listResponse](t, b.admin("GET", "?limit=7"), 200).Items, 7)
}

// TestListingCost: a request for the page and one for each of its items, whatever else
// there is.
func TestListingCost(t *testing.T) {
	b := &bench{}
	for i := range 30 {
		b.keep(t, 0, strings.Repeat("x", i))
	}
	counting := objstore.NewCounting(b.memory(t.Context()))
	config := b.config()
	config.Store = counting
	handler := mustNew(config)
	for path, want := range map[string]int{"?limit=5": 6, "": 31, "/" + b.first(t): 2} {
		counting.Reset()
		r := httptest.NewRequest("GET", "/webhooks/quarantine"+path, nil)
		r.Header.Set("Authorization", "Bearer admin")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		require.Equal(t, 200, w.Code, w.Body)
		require.Equal(t, want, counting.Requests(), path)
	}
}

// first is the id of an item.
func (b *bench) first(t *testing.T) string {
	return decoded[listResponse](t, b.admin("GET", "?limit=1"), 200).Items[0].ID
}

func TestDamagedItem(t *testing.T) {
	b := &bench{}
	id := b.keep(t, 0, "x").String()
	for key, data := range b.quarantined {
		b.quarantined[key] = []byte(strings.Repeat("?", len(data)))
	}
	require.Equal(t, []listedItem{{ID: id, Size: 195, Damaged: true}}, decoded[listResponse](t, b.admin("GET", ""), 200).Items)
	require.Equal(t, "Damaged", decoded[serve.Problem](t, b.admin("GET", "/"+id), 500).Code)
	require.Equal(t, "Damaged", decoded[serve.Problem](t, b.admin("POST", "/"+id+"/replay"), 500).Code)
	require.Empty(t, b.recorded)
}

func TestShow(t *testing.T) {
	errs := []quarantine.Error{{Item: 1, Field: "action", Error: "must be a word"}, {Item: 2, Error: "is bad too"}}
	for name, c := range map[string]struct{ body, text, base64 string }{
		"text":      {"<é>\n", "<é>\n", ""},
		"not UTF-8": {"\xff\x00", "", "\xff\x00"},
		"empty":     {"", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := &bench{}
			id := b.keep(t, 0, c.body).String()
			got := decoded[itemResponse](t, b.admin("GET", "/"+id), 200)
			require.Equal(t, c.base64, string(got.BodyBase64))
			got.BodyBase64 = nil
			require.Equal(t, itemResponse{
				ID: id, ReceivedAt: now, Route: "events", InstanceID: "prod", Errors: errs, BodyBytes: len(c.body), Body: c.text,
			}, got)
		})
	}
	b := &bench{}
	id, err := quarantine.Keep(t.Context(), b, quarantine.Item{
		ReceivedAt: now, Route: "r", InstanceID: "i", Hook: "h", Position: "log:1", Encoding: "br", Body: []byte("x"),
	})
	require.NoError(t, err)
	require.Equal(t, itemResponse{
		ID: id.String(), ReceivedAt: now, Route: "r", InstanceID: "i", Hook: "h", Position: "log:1", Encoding: "br", BodyBytes: 1, Body: "x",
	}, decoded[itemResponse](t, b.admin("GET", "/"+id.String()), 200))
}

// TestShowLongBody: a body comes in parts, none of which is too long for the platform,
// and together they are the body.
func TestShowLongBody(t *testing.T) {
	for name, body := range map[string]string{
		"text":               strings.Repeat("x", 2*maxPart+5),
		"characters":         strings.Repeat("é世😀", maxPart/7),
		"control characters": strings.Repeat("\x01", maxPart+1),
		"not UTF-8":          strings.Repeat("\x80", 2*maxPart),
		"as long as a part":  strings.Repeat("x", maxPart),
	} {
		t.Run(name, func(t *testing.T) {
			b := &bench{}
			id := b.keep(t, 0, body).String()
			var got []byte
			for from, parts := 0, 0; parts == 0 || from > 0; parts++ {
				w := b.admin("GET", fmt.Sprintf("/%s?from=%d", id, from))
				asText, err := json.Marshal(w.Body.String())
				require.NoError(t, err)
				require.Less(t, len(asText), 6_000_000)
				part := decoded[itemResponse](t, w, 200)
				require.Equal(t, len(body), part.BodyBytes)
				got = append(append(got, part.Body...), part.BodyBase64...)
				from = part.NextFrom
			}
			require.Equal(t, body, string(got))
		})
	}
}

func TestShowFrom(t *testing.T) {
	b := &bench{}
	id := b.keep(t, 0, "héllo").String()
	for from, want := range map[string]string{"0": "héllo", "1": "éllo", "2": "\xa9llo", "6": "", "7": "", "9223372036854775807": ""} {
		got := decoded[itemResponse](t, b.admin("GET", "/"+id+"?from="+from), 200)
		require.Equal(t, want, got.Body+string(got.BodyBase64), from)
		require.Equal(t, 6, got.BodyBytes)
	}
	for _, from := range []string{"-1", "x", "1.5"} {
		require.Equal(t, "InvalidParameter", decoded[serve.Problem](t, b.admin("GET", "/"+id+"?from="+from), 400).Code)
	}
}

func TestAdminRefuses(t *testing.T) {
	b := &bench{}
	id := b.keep(t, 0, "x").String()
	absent := "2026-11-22-0123456789abcdef0123456789abcdef"
	for _, c := range []struct {
		method, path string
		status       int
		code         string
	}{
		{"GET", "?day=yesterday", 400, "InvalidParameter"},
		{"GET", "?day=2026-02-30", 400, "InvalidParameter"},
		{"GET", "?limit=0", 400, "InvalidParameter"},
		{"GET", "?limit=201", 400, "InvalidParameter"},
		{"GET", "?after=x", 400, "InvalidParameter"},
		{"GET", "?day=2026-11-21&after=" + id, 400, "InvalidParameter"},
		{"GET", "/x", 400, "InvalidID"},
		{"POST", "/x/replay", 400, "InvalidID"},
		{"GET", "/" + absent, 404, "NoSuchItem"},
		{"POST", "/" + absent + "/replay", 404, "NoSuchItem"},
		{"GET", "/" + id + "/", 404, "NotFound"},
		{"GET", "/" + id + "/other", 404, "NotFound"},
		{"GET", "//", 404, "NotFound"},
		{"POST", "", 405, "MethodNotAllowed"},
		{"POST", "/" + id, 405, "MethodNotAllowed"},
		{"DELETE", "/" + id, 405, "MethodNotAllowed"},
		{"GET", "/" + id + "/replay", 405, "MethodNotAllowed"},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			require.Equal(t, c.code, decoded[serve.Problem](t, b.admin(c.method, c.path), c.status).Code)
		})
	}
}

func TestAdminNeedsItsToken(t *testing.T) {
	b := &bench{}
	id := b.keep(t, 0, "["+ownEvent+"]").String()
	config := b.config()
	config.AdminToken = ""
	handler := mustNew(config)
	for method, path := range map[string]string{"GET": "", "HEAD": "/" + id, "POST": "/" + id + "/replay"} {
		for _, header := range [][]string{nil, bearer("secret"), bearer("Admin"), basic("any", "admin")} {
			w := b.do(method, "/webhooks/quarantine"+path, nil, header...)
			require.Equal(t, http.StatusUnauthorized, w.Code)
			require.NotContains(t, w.Body.String(), "prod")
		}
		r := httptest.NewRequest(method, "/webhooks/quarantine"+path, nil)
		r.Header.Set("Authorization", "Bearer ")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		require.Equal(t, http.StatusNotFound, w.Code, "without ADMIN_TOKEN there is no such path")
		require.Contains(t, w.Body.String(), "there is no such path; send events to ")
	}
	require.Empty(t, b.recorded)
}

// broken is a store that fails.
type broken struct{ Store }

var errDown = errors.New("down")

func (broken) List(context.Context, string, string) (objstore.Page, error) {
	return objstore.Page{}, errDown
}

func TestAdminStoreDown(t *testing.T) {
	b := &bench{}
	id := b.keep(t, 0, ownEvent).String()
	config := b.config()
	config.Store = broken{b}
	handler := mustNew(config)
	for method, path := range map[string]string{"GET": "", "HEAD": "/" + id, "POST": "/" + id + "/replay"} {
		r := httptest.NewRequest(method, "/webhooks/quarantine"+path, io.NopCloser(strings.NewReader("")))
		r.Header.Set("Authorization", "Bearer admin")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		require.Equal(t, http.StatusServiceUnavailable, w.Code)
		require.NotContains(t, w.Body.String(), "down")
	}
	b.appendErr = errDown
	require.Equal(t, "StoreUnavailable", decoded[serve.Problem](t, b.admin("POST", "/"+id+"/replay"), 503).Code)
}
