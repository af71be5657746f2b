package openapi

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

// dayParameters returns the parameters of a valid trace request for a whole day, the longest
// range.
func dayParameters() map[string]string {
	return map[string]string{
		"MqttRegionId": "anywhere", "InstanceId": "post-cn-x", "ClientId": "GID_a@@@dev1",
		"BeginTime": "1621555200000", "EndTime": "1621641600000", "CurrentPage": "2", "PageSize": "2",
	}
}

var rows = []Row{
	{time.Date(2021, 5, 21, 7, 51, 54, 867e6, time.UTC), "c69f", event.Connect, event.Accepted},
	{time.Date(2021, 5, 21, 16, 0, 0, 0, time.UTC), "", event.Close, event.TopicAuthFailed},
	{time.Date(2021, 5, 21, 16, 0, 0, 5e6, time.UTC), "<c>", event.Disconnect, event.DisconnectedByClient},
}

func TestTrace(t *testing.T) {
	c := &canned{page: TracePage{Total: 5, Rows: rows}}
	got := c.do(t, acs3Draft("QueryMqttTraceDevice", dayParameters()).signed("testak", "testsk"))
	require.Equal(t, http.StatusOK, got.status)
	require.Equal(t, `{"RequestId":"id","Total":5,"CurrentPage":2,"PageSize":2,"DeviceInfoList":[`+
		`{"Time":"2021-05-21 15:51:54.867","ChannelId":"c69f","Action":"connect","ActionCode":"mqtt.trace.action.connect","ActionInfo":"accepted"},`+
		`{"Time":"2021-05-22 00:00:00.000","ChannelId":"","Action":"close","ActionCode":"mqtt.trace.action.close","ActionInfo":"topic auth failed"},`+
		`{"Time":"2021-05-22 00:00:00.005","ChannelId":"\u003cc\u003e","Action":"disconnect","ActionCode":"mqtt.trace.action.disconnect","ActionInfo":"disconnected by client"}]}`,
		got.body)
	require.Empty(t, got.header.Get("X-Incomplete"))
	require.Equal(t, []TraceRequest{{
		InstanceID: "post-cn-x", ClientID: "GID_a@@@dev1", Offset: 2, Limit: 2,
		From: time.Date(2021, 5, 21, 0, 0, 0, 0, time.UTC), To: time.Date(2021, 5, 22, 0, 0, 0, 0, time.UTC),
	}}, c.asked)
}

func TestPagePastTheLast(t *testing.T) {
	c := &canned{page: TracePage{Total: 5}}
	parameters := setPairs(dayParameters(), "CurrentPage", "2147483647", "PageSize", "100")
	got := c.do(t, acs3Draft("QueryMqttTraceDevice", parameters).signed("testak", "testsk"))
	require.Equal(t, `{"RequestId":"id","Total":5,"CurrentPage":2147483647,"PageSize":100,"DeviceInfoList":[]}`, got.body)
	require.Equal(t, 214748364600, c.asked[0].Offset)
}

func TestReverse(t *testing.T) {
	for text, want := range map[string]bool{"true": true, "True": true, "false": false, "False": false, "": false} {
		c := &canned{}
		got := c.do(t, acs3Draft("QueryMqttTraceDevice", setPairs(dayParameters(), "Reverse", text)).signed("testak", "testsk"))
		require.Equal(t, http.StatusOK, got.status, got.body)
		require.Equal(t, want, c.asked[0].Newest, text)
	}
}

func TestIncompleteTraceSaysSo(t *testing.T) {
	c := &canned{page: TracePage{Total: 3, Rows: rows, Incomplete: true}}
	got := c.do(t, acs3Draft("QueryMqttTraceDevice", dayParameters()).signed("testak", "testsk"))
	require.Equal(t, http.StatusOK, got.status)
	require.Equal(t, "true", got.header.Get("X-Incomplete"))
}

// TestTransports checks that a request is understood in both signature styles, with both methods,
// and with its parameters in the query or in the body.
func TestTransports(t *testing.T) {
	for _, newDraft := range []func(string, map[string]string) draft{acs3Draft, v1Draft} {
		for _, method := range []string{"GET", "POST"} {
			for _, inBody := range []bool{false, true} {
				d := newDraft("QueryMqttTraceDevice", setPairs(dayParameters(), "ClientId", odd)).withMethod(method)
				if inBody {
					d = d.inBody()
				}
				c := &canned{page: TracePage{Total: 1}}
				got := c.do(t, d.signed("testak", "testsk"))
				require.Equal(t, http.StatusOK, got.status, "%s %s %v: %s", d.style, method, inBody, got.body)
				require.Equal(t, odd, string(c.asked[0].ClientID))
			}
		}
	}
}

// TestSplitParameters checks that a v1 request may send the signature's parameters in the query
// and the other parameters in a form.
func TestSplitParameters(t *testing.T) {
	d := v1Draft("QueryMqttTraceDevice", nil)
	d.form = dayParameters()
	c := &canned{}
	require.Equal(t, http.StatusOK, c.do(t, d.signed("testak", "testsk")).status)
	require.Equal(t, "GID_a@@@dev1", string(c.asked[0].ClientID))
}

func TestTraceParameters(t *testing.T) {
	const earliest, latest = "0", "253402300799999"
	for _, c := range []struct {
		name, value string // the value "-" removes the parameter
		want        string // the error code, or empty if the request is valid
	}{
		{"InstanceId", "-", "MissingInstanceId"},
		{"InstanceId", "", "MissingInstanceId"},
		{"InstanceId", "unknown", "InstancePermissionCheckFailed"},
		{"InstanceId", "POST-CN-X", "InstancePermissionCheckFailed"},
		{"InstanceId", "*", "ParameterCheckFailed"},
		{"InstanceId", strings.Repeat("x", 129), "ParameterCheckFailed"},
		{"InstanceId", "other", ""},
		{"MqttRegionId", "-", ""},
		{"ClientId", "-", "MissingClientId"},
		{"ClientId", "", "MissingClientId"},
		{"ClientId", strings.Repeat("x", 65_536), ""},
		{"ClientId", "\xff", "ParameterCheckFailed"},
		{"BeginTime", "-", "MissingBeginTime"},
		{"BeginTime", "2021-05-21", "ParameterCheckFailed"},
		{"BeginTime", "-1", "ParameterCheckFailed"},
		{"BeginTime", "1621555200000.5", "ParameterCheckFailed"},
		{"BeginTime", "1621641600000", ""},
		{"BeginTime", "1621641600001", "ParameterCheckFailed"},
		{"BeginTime", "1621555199999", "ParameterCheckFailed"},
		{"BeginTime", earliest, "ParameterCheckFailed"},
		{"BeginTime", "99999999999999999999", "ParameterCheckFailed"},
		{"EndTime", "-", "MissingEndTime"},
		{"EndTime", "x", "ParameterCheckFailed"},
		{"EndTime", "1621555200000", ""},
		{"EndTime", "1621555199999", "ParameterCheckFailed"},
		{"EndTime", "1621641600001", "ParameterCheckFailed"},
		{"EndTime", latest, "ParameterCheckFailed"},
		{"EndTime", "253402300800000", "ParameterCheckFailed"},
		{"CurrentPage", "-", "MissingCurrentPage"},
		{"CurrentPage", "0", "ParameterCheckFailed"},
		{"CurrentPage", "2147483648", "ParameterCheckFailed"},
		{"PageSize", "-", "MissingPageSize"},
		{"PageSize", "0", "ParameterCheckFailed"},
		{"PageSize", "1", ""},
		{"PageSize", "100", ""},
		{"PageSize", "101", "ParameterCheckFailed"},
		{"PageSize", "1e1", "ParameterCheckFailed"},
		{"Reverse", "yes", "ParameterCheckFailed"},
		{"Reverse", "1", "ParameterCheckFailed"},
		{"Anything", "else", ""},
	} {
		parameters := setPairs(dayParameters(), c.name, c.value)
		if c.value == "-" {
			delete(parameters, c.name)
		}
		backend := &canned{}
		got := backend.do(t, v1Draft("QueryMqttTraceDevice", parameters).signed("testak", "testsk"))
		if c.want == "" {
			require.Equal(t, http.StatusOK, got.status, "%s=%.20s: %s", c.name, c.value, got.body)
			require.Len(t, backend.asked, 1)
			continue
		}
		requireError(t, got, 400, c.want, `"Message":"`)
		require.Empty(t, backend.asked, "%s=%.20s", c.name, c.value)
	}
}
