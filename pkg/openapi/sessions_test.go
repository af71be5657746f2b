package openapi

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

func TestSession(t *testing.T) {
	for _, online := range []bool{true, false} {
		c := &canned{online: []bool{online}}
		got := c.do(t, acs3Draft("QuerySessionByClientId", sessionParameters()).signed("testak", "testsk"))
		require.Equal(t, http.StatusOK, got.status)
		require.Equal(t, fmt.Sprintf(`{"RequestId":"id","OnlineStatus":%v}`, online), got.body)
		require.Equal(t, event.InstanceID("post-cn-x"), c.askedInstance)
		require.Equal(t, []event.ClientID{"c"}, c.askedClients)
	}
}

func TestSessionNeedsAClient(t *testing.T) {
	got := (&canned{}).do(t, acs3Draft("QuerySessionByClientId", map[string]string{"InstanceId": "post-cn-x"}).signed("testak", "testsk"))
	requireError(t, got, 400, "MissingClientId", "ClientId is missing: a client identifier")
}

func TestSessions(t *testing.T) {
	c := &canned{online: []bool{true, false, true}}
	parameters := map[string]string{"InstanceId": "other", "ClientIdList.1": "b", "ClientIdList.2": "a", "ClientIdList.3": "b"}
	got := c.do(t, v1Draft("BatchQuerySessionByClientIds", parameters).signed("testak", "testsk"))
	require.Equal(t, http.StatusOK, got.status)
	require.Equal(t, `{"RequestId":"id","OnlineStatusList":[{"ClientId":"b","OnlineStatus":true},`+
		`{"ClientId":"a","OnlineStatus":false},{"ClientId":"b","OnlineStatus":true}]}`, got.body)
	require.Equal(t, event.InstanceID("other"), c.askedInstance)
	require.Equal(t, []event.ClientID{"b", "a", "b"}, c.askedClients)
}

// batchParameters returns the parameters of a batch query: an instance and, for each of the given
// numbers n, ClientIdList.n with the value "c".
func batchParameters(numbers ...string) map[string]string {
	parameters := map[string]string{"InstanceId": "post-cn-x"}
	for _, number := range numbers {
		parameters["ClientIdList."+number] = "c"
	}
	return parameters
}

func TestSessionsParameters(t *testing.T) {
	ten := strings.Fields("1 2 3 4 5 6 7 8 9 10")
	for _, c := range []struct {
		parameters    map[string]string
		code, message string
	}{
		{batchParameters(), "MissingClientIdList", "ClientIdList.1 to at most ClientIdList.10"},
		{batchParameters(append(ten, "11")...), "ParameterCheckFailed", "ClientIdList has 11 client identifiers: send at most 10 at once"},
		{batchParameters("1", "3"), "ParameterCheckFailed", "ClientIdList.2 is missing or empty"},
		{batchParameters("0", "1"), "ParameterCheckFailed", "ClientIdList.2 is missing or empty"},
		{batchParameters("01"), "ParameterCheckFailed", "ClientIdList.1 is missing or empty"},
		{batchParameters("x"), "ParameterCheckFailed", "ClientIdList.1 is missing or empty"},
		{setPairs(batchParameters("1"), "ClientIdList.2", ""), "ParameterCheckFailed", "ClientIdList.2 is missing or empty"},
		{setPairs(batchParameters("1"), "ClientIdList.2", "\xff"), "ParameterCheckFailed", "ClientIdList.2 must be UTF-8"},
	} {
		backend := &canned{}
		requireError(t, backend.do(t, acs3Draft("BatchQuerySessionByClientIds", c.parameters).signed("testak", "testsk")), 400, c.code, c.message)
		require.Empty(t, backend.askedClients)
	}
	backend := &canned{online: make([]bool, 10)}
	require.Equal(t, 200, backend.do(t, acs3Draft("BatchQuerySessionByClientIds", batchParameters(ten...)).signed("testak", "testsk")).status)
}

// TestLongestRequest checks that ten client identifiers of the maximum length are accepted, even
// if percent-encoding triples their length.
func TestLongestRequest(t *testing.T) {
	parameters := map[string]string{"InstanceId": "post-cn-x"}
	for i := range 10 {
		parameters[fmt.Sprintf("ClientIdList.%d", i+1)] = strings.Repeat("中", 21_845)
	}
	for _, newDraft := range []func(string, map[string]string) draft{acs3Draft, v1Draft} {
		backend := &canned{online: make([]bool, 10)}
		got := backend.do(t, newDraft("BatchQuerySessionByClientIds", maps.Clone(parameters)).inBody().signed("testak", "testsk"))
		require.Equal(t, 200, got.status)
		require.Len(t, backend.askedClients[9], 65_535)
	}
}
