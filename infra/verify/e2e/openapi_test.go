package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/demo/ends"
	"devicetrace/pkg/event"
	"devicetrace/pkg/openapi"
)

// rowsBackend returns the same trace for every client, with two exceptions. A query for the client
// "unreadable" fails, and a query for the client "fatal" panics. A client is online if its
// identifier starts with "up".
type rowsBackend struct{ rows []openapi.Row }

func (b rowsBackend) Trace(_ context.Context, q openapi.TraceRequest) (openapi.TracePage, error) {
	switch q.ClientID {
	case "unreadable":
		return openapi.TracePage{}, errors.New("the store is down")
	case "fatal":
		panic("a bug")
	}
	rows := slices.Clone(b.rows)
	if q.Newest {
		slices.Reverse(rows)
	}
	first := min(q.Offset, len(rows))
	return openapi.TracePage{Total: len(rows), Rows: rows[first:min(first+q.Limit, len(rows))]}, nil
}

func (rowsBackend) Online(_ context.Context, _ event.InstanceID, clientIDs []event.ClientID) ([]bool, error) {
	online := make([]bool, len(clientIDs))
	for i, id := range clientIDs {
		online[i] = strings.HasPrefix(string(id), "up")
	}
	return online, nil
}

// hourBefore returns the parameters of a query for the hour before the given instant.
func hourBefore(instance, clientID string, end time.Time) map[string]any {
	return map[string]any{
		"MqttRegionId": "cn-hangzhou", "InstanceId": instance, "ClientId": clientID,
		"BeginTime": end.Add(-time.Hour).UnixMilli(), "EndTime": end.UnixMilli(),
	}
}

// set returns a copy of the parameters with one parameter added or replaced.
func set(parameters map[string]any, name string, value any) map[string]any {
	changed := map[string]any{name: value}
	for other, unchanged := range parameters {
		if other != name {
			changed[other] = unchanged
		}
	}
	return changed
}

// newOpenAPI serves Alibaba's query API in this process and returns the host and port of the
// server.
func newOpenAPI(t *testing.T, rows []openapi.Row) string {
	t.Helper()
	keys, err := openapi.ParseKeys("ak:sk=prod,other;wide:sk2=*")
	require.NoError(t, err)
	api, err := openapi.New(openapi.Config{Keys: keys, Backend: rowsBackend{rows}})
	require.NoError(t, err)
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// TestAlibabaClientsRead checks that every client can read every kind of response.
func TestAlibabaClientsRead(t *testing.T) {
	t.Parallel()
	end := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	var rows []openapi.Row
	var want []deviceInfo
	for i := range 7 {
		rows = append(rows, openapi.Row{Time: end.Add(time.Duration(i-10) * time.Second), ChannelID: fmt.Sprint("c", i), Action: event.Close, ActionInfo: event.NoHeart})
		want = append(want, deviceInfo{fmt.Sprintf("2026-11-22 16:59:%02d.000", 50+i), fmt.Sprint("c", i), "close", "mqtt.trace.action.close", "no heart"})
	}
	backwards := slices.Clone(want)
	slices.Reverse(backwards)
	endpoint, empty := newOpenAPI(t, rows), newOpenAPI(t, nil)
	for name, newClient := range alibabaClients {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, endpoint, "ak", "sk")
			for _, clientID := range []string{"GID_a@@@dev1", "GID_a@@@dev 1*~+/é中", `"<&>'=%2F`} {
				q := hourBefore("prod", clientID, end)
				require.Equal(t, want, devicePages(t, c, q, 3, 7))
				require.Equal(t, want, devicePages(t, c, set(q, "Reverse", false), 7, 7))
				require.Equal(t, backwards, devicePages(t, c, set(q, "Reverse", true), 2, 7))
				require.Empty(t, devicePages(t, newClient(t, empty, "ak", "sk"), q, 100, 0))
			}
			require.True(t, online(t, c, "other", "up and away"))
			require.False(t, online(t, c, "other", "down"))
			require.Equal(t, []string{"up1 true", "down false", "up+* true"}, onlineStatuses(t, c, "prod", "up1", "down", "up+*"))
			require.True(t, online(t, newClient(t, endpoint, "wide", "sk2"), "any", "up"))
		})
	}
}

// TestAlibabaClientsReadErrors checks that every client reports every kind of error with its code.
func TestAlibabaClientsReadErrors(t *testing.T) {
	t.Parallel()
	endpoint := newOpenAPI(t, nil)
	good := set(set(hourBefore("prod", "c", time.Now()), "CurrentPage", 1), "PageSize", 100)
	with := func(name string, value any) map[string]any { return set(good, name, value) }
	for name, newClient := range alibabaClients {
		t.Run(name, func(t *testing.T) {
			for _, c := range []struct {
				id, secret, action string
				parameters         map[string]any
				status             int
				code, message      string
			}{
				{"ak", "wrong", "QueryMqttTraceDevice", good, 400, "SignatureDoesNotMatch", "check the secret"},
				{"nobody", "sk", "QueryMqttTraceDevice", good, 404, "InvalidAccessKeyId.NotFound", "this AccessKey id does not exist"},
				{"ak", "sk", "ListGroupId", good, 404, "InvalidAction.NotFound", "does not exist here"},
				{"ak", "sk", "QueryMqttTraceDevice", with("InstanceId", "secret"), 400, "InstancePermissionCheckFailed", "does not cover the instance"},
				{"ak", "sk", "QueryMqttTraceDevice", with("PageSize", 101), 400, "ParameterCheckFailed", "PageSize must be a whole number from 1 to 100"},
				{"ak", "sk", "QueryMqttTraceDevice", with("CurrentPage", 0), 400, "ParameterCheckFailed", "CurrentPage must be"},
				{"ak", "sk", "QueryMqttTraceDevice", with("BeginTime", 0), 400, "ParameterCheckFailed", "more than a day apart"},
				{"ak", "sk", "QueryMqttTraceDevice", with("EndTime", 0), 400, "ParameterCheckFailed", "BeginTime must not be after EndTime"},
				{"ak", "sk", "QueryMqttTraceDevice", with("ClientId", ""), 400, "MissingClientId", "ClientId is missing"},
				{"ak", "sk", "QueryMqttTraceDevice", with("ClientId", "unreadable"), 503, "ServiceUnavailable", "again later"},
				{"ak", "sk", "QueryMqttTraceDevice", with("ClientId", "fatal"), 500, "InternalError", "the service failed"},
				{"ak", "sk", "QuerySessionByClientId", map[string]any{"InstanceId": "prod"}, 400, "MissingClientId", "ClientId is missing"},
				{"ak", "sk", "QuerySessionByClientId", map[string]any{"ClientId": "c"}, 400, "MissingInstanceId", "InstanceId is missing"},
				{"ak", "sk", "BatchQuerySessionByClientIds", map[string]any{"InstanceId": "prod"}, 400, "MissingClientIdList", "at most ClientIdList.10"},
				{"ak", "sk", "BatchQuerySessionByClientIds", map[string]any{"InstanceId": "prod", "ClientIdList": strings.Split("abcdefghijk", "")},
					400, "ParameterCheckFailed", "11 client identifiers: send at most 10"},
			} {
				err := newClient(t, endpoint, c.id, c.secret).call(c.action, c.parameters, new(any))
				requireAlibabaError(t, err, c.status, c.code, c.message)
			}
		})
	}
}

// TestAlibabaClientsOnTheStack checks that Alibaba's clients return the same rows as our own API,
// converted to Alibaba's format, and that they report correctly whether a device is online.
func TestAlibabaClientsOnTheStack(t *testing.T) {
	t.Parallel()
	s := newStackWith(t, "OPENAPI_KEYS=local:local-secret=*;narrow:narrow-secret=openapi")
	from := time.Now().Add(-time.Minute)
	for _, device := range oddClientIDs {
		s.record(t, "openapi", manyEvents(device, from, 25))
	}
	for name, newClient := range alibabaClients {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, s.endpoint(), "local", "local-secret")
			for _, device := range oddClientIDs {
				testDevicePages(t, s, c, device, from)
			}
			testOnline(t, s, c, "GID_live@@@"+name)
			testStackErrors(t, s, newClient, from)
		})
	}
}

// endpoint returns the stack's host and port.
func (s *stack) endpoint() string { return "127.0.0.1:" + s.port }

func testDevicePages(t *testing.T, s *stack, c alibabaClient, device string, from time.Time) {
	t.Helper()
	to := time.Now()
	want := deviceInfos(s.trace(t, question("openapi", device, from, to)).rows(t))
	require.Len(t, want, 25)
	q := set(set(hourBefore("openapi", device, to), "BeginTime", from.UnixMilli()), "EndTime", to.UnixMilli())
	require.Equal(t, want, devicePages(t, c, q, 10, 25))
	require.Equal(t, want, devicePages(t, c, set(q, "Reverse", false), 25, 25))
	slices.Reverse(want)
	require.Equal(t, want, devicePages(t, c, set(q, "Reverse", true), 7, 25))
	require.Empty(t, devicePages(t, c, set(q, "ClientId", "nobody"), 100, 0))
}

// deviceInfos converts rows of our API to Alibaba's format, with times in China's time zone.
func deviceInfos(rows []row) (infos []deviceInfo) {
	for _, r := range rows {
		infos = append(infos, deviceInfo{
			Time:      r.Time.In(time.FixedZone("", 8*60*60)).Format("2006-01-02 15:04:05.000"),
			ChannelId: r.ChannelID, Action: r.Action, ActionCode: "mqtt.trace.action." + r.Action, ActionInfo: r.ActionInfo,
		})
	}
	return infos
}

// testOnline checks the online status of a device before, during and after a connection.
func testOnline(t *testing.T, s *stack, c alibabaClient, device string) {
	t.Helper()
	require.False(t, online(t, c, "local", device), "never seen")
	connection, err := ends.Dial(t.Context(), s.target(), device, time.Minute)
	require.NoError(t, err)
	awaitOnline(t, c, device, true)
	require.Equal(t, []string{device + " true", "nobody false"}, onlineStatuses(t, c, "local", device, "nobody"))
	require.Equal(t, []string{device + " false"}, onlineStatuses(t, c, "openapi", device), "another instance")
	require.NoError(t, connection.Close())
	awaitOnline(t, c, device, false)
	require.Equal(t, []string{"nobody false", device + " false"}, onlineStatuses(t, c, "local", "nobody", device))
}

// awaitOnline waits until a device has the wanted online status. The status changes only after the
// broker has delivered the event to the webhook.
func awaitOnline(t *testing.T, c alibabaClient, device string, want bool) {
	t.Helper()
	require.EventuallyWithT(t, func(collect *assert.CollectT) {
		require.Equal(collect, want, online(collect, c, "local", device))
	}, patience, pollEvery)
}

func testStackErrors(t *testing.T, s *stack, newClient func(t *testing.T, endpoint, id, secret string) alibabaClient, from time.Time) {
	t.Helper()
	good := set(set(hourBefore("openapi", oddClientIDs[0], from), "CurrentPage", 1), "PageSize", 100)
	ask := func(id, secret string, parameters map[string]any) error {
		return newClient(t, s.endpoint(), id, secret).call("QueryMqttTraceDevice", parameters, new(any))
	}
	require.NoError(t, ask("narrow", "narrow-secret", good))
	requireAlibabaError(t, ask("narrow", "narrow-secret", set(good, "InstanceId", "local")), 400, "InstancePermissionCheckFailed", "does not cover the instance")
	requireAlibabaError(t, ask("local", "wrong", good), 400, "SignatureDoesNotMatch", "arrived for the host")
	requireAlibabaError(t, ask("narrow", "local-secret", good), 400, "SignatureDoesNotMatch", "check the secret")
	requireAlibabaError(t, ask("nobody", "local-secret", good), 404, "InvalidAccessKeyId.NotFound", "this AccessKey id does not exist")
	requireAlibabaError(t, ask("local", "local-secret", set(good, "PageSize", 101)), 400, "ParameterCheckFailed", "from 1 to 100")
	err := newClient(t, s.endpoint(), "local", "local-secret").call("ListGroupId", good, new(any))
	requireAlibabaError(t, err, 404, "InvalidAction.NotFound", "does not exist here")
}
