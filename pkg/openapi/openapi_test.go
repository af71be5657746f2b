package openapi

import (
	"context"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

// now is the time that the clock shows in these tests.
var now = time.Date(2026, 11, 22, 8, 40, 1, 0, time.UTC)

// canned is a backend that returns fixed results and records the requests that it receives.
type canned struct {
	page          TracePage
	online        []bool
	err           error
	panics        bool
	asked         []TraceRequest
	askedInstance event.InstanceID
	askedClients  []event.ClientID
}

func (c *canned) Trace(_ context.Context, request TraceRequest) (TracePage, error) {
	if c.panics {
		panic("an apiError of ours")
	}
	c.asked = append(c.asked, request)
	return c.page, c.err
}

func (c *canned) Online(_ context.Context, instanceID event.InstanceID, clientIDs []event.ClientID) ([]bool, error) {
	c.askedInstance, c.askedClients = instanceID, clientIDs
	return c.online, c.err
}

var keys = []Key{
	{AccessKeyID: "testak", Secret: "testsk", Grant: grant("post-cn-x,other")},
	{AccessKeyID: "otherak", Secret: "othersk", Grant: grant("*")},
}

func newAPI(t testing.TB, c *canned) http.Handler {
	t.Helper()
	api, err := New(Config{Keys: keys, Now: func() time.Time { return now }, Backend: c})
	require.NoError(t, err)
	return api
}

// do sends a request to a new API with the backend c and returns the reply.
func (c *canned) do(t testing.TB, r *http.Request) reply {
	t.Helper()
	return serveTo(t, newAPI(t, c), r)
}

// reply is a response from the API. serveTo has already checked its RequestId and replaced it with
// "id".
type reply struct {
	status int
	header http.Header
	body   string
}

var requestIDs = regexp.MustCompile(`"RequestId":"([0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12})"`)

func serveTo(t testing.TB, api http.Handler, r *http.Request) reply {
	t.Helper()
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	require.Equal(t, "application/json", w.Header().Get("Content-Type"))
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	body := w.Body.String()
	ids := requestIDs.FindAllStringSubmatch(body, -1)
	require.Len(t, ids, 1, body)
	require.Equal(t, ids[0][1], w.Header().Get("x-acs-request-id"))
	for _, secret := range []string{"testsk", "othersk"} {
		require.NotContains(t, body, secret)
	}
	return reply{w.Code, w.Header(), strings.Replace(body, ids[0][1], "id", 1)}
}

// sessionParameters returns the parameters of the shortest valid session query.
func sessionParameters() map[string]string {
	return map[string]string{"InstanceId": "post-cn-x", "ClientId": "c"}
}

func TestIs(t *testing.T) {
	for _, c := range []struct {
		method, target, authorization string
		want                          bool
	}{
		{"GET", "/", "", false},
		{"HEAD", "/", "", false},
		{"GET", "/?instance=i&client=c", "", false},
		{"GET", "/", "Bearer token", false},
		{"POST", "/", "", true},
		{"GET", "/?Action=QuerySessionByClientId", "", true},
		{"PUT", "/?Action=", "", true},
		{"GET", "/?Signature=x", "", true},
		{"GET", "/", "ACS3-HMAC-SHA256 Credential=x", true},
		{"POST", "/api/v1/trace", "", false},
		{"GET", "/index?Action=x", "ACS3-HMAC-SHA256 Credential=x", false},
		{"GET", "/?action=x&signature=y", "", false},
	} {
		r := httptest.NewRequest(c.method, c.target, nil)
		r.Header.Set("Authorization", c.authorization)
		require.Equal(t, c.want, Is(r), c)
	}
}

func TestNewNamesTheInvalidField(t *testing.T) {
	good := Key{AccessKeyID: "id", Secret: "hidden", Grant: grant("*")}
	for _, c := range []struct {
		config Config
		want   string
	}{
		{Config{}, "openapi: Backend is missing"},
		{Config{Backend: &canned{}, Keys: []Key{good, {AccessKeyID: "id2"}}}, "openapi: Keys: key 2 needs both an id and a secret"},
		{Config{Backend: &canned{}, Keys: []Key{{Secret: "hidden"}}}, "openapi: Keys: key 1 needs both an id and a secret"},
		{Config{Backend: &canned{}, Keys: []Key{good, good}}, "openapi: Keys: key 2 has the same id as an earlier key"},
	} {
		_, err := New(c.config)
		require.EqualError(t, err, c.want)
	}
}

func TestTheClockIsTheSystemsUnlessSet(t *testing.T) {
	api, err := New(Config{Keys: keys, Backend: &canned{online: []bool{true}}})
	require.NoError(t, err)
	r := acs3Draft("QuerySessionByClientId", sessionParameters())
	r.header["x-acs-date"] = time.Now().UTC().Format(timestampLayout)
	require.Equal(t, http.StatusOK, serveTo(t, api, r.signed("testak", "testsk")).status)
}

func TestWithoutKeysNobodyMayAsk(t *testing.T) {
	api, err := New(Config{Now: func() time.Time { return now }, Backend: &canned{}})
	require.NoError(t, err)
	got := serveTo(t, api, acs3Draft("QuerySessionByClientId", sessionParameters()).signed("", ""))
	require.Equal(t, http.StatusBadRequest, got.status)
	got = serveTo(t, api, acs3Draft("QuerySessionByClientId", sessionParameters()).signed("testak", "testsk"))
	require.Equal(t, http.StatusNotFound, got.status)
	require.Contains(t, got.body, `"Code":"InvalidAccessKeyId.NotFound"`)
}

// requireError checks the status and the code of an error response, and that the response
// contains message.
func requireError(t testing.TB, got reply, status int, code, message string) {
	t.Helper()
	require.Equal(t, status, got.status, got.body)
	require.Contains(t, got.body, `"Code":"`+code+`"`)
	require.Contains(t, got.body, message)
}

func sortedNames(m map[string]string) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
