package webhook

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
)

// someTokens holds four tokens: one for the instance prod, one for the instances prod and spare,
// one for the instance test, and one for all instances.
const someTokens = "old-secret=prod;new/secret+2==prod,spare;test-secret=test;all-secret=*"

func bearer(token string) []string { return []string{"Authorization", "Bearer " + token} }

func basic(user, password string) []string {
	return []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))}
}

const ownEvent = `{"client_id":"c1","action":"connect"}`

func TestEveryRouteTakesHeaders(t *testing.T) {
	for _, route := range broker.Names() {
		for _, c := range []struct {
			name   string
			header []string
			want   int // 0: neither 401 nor 403
		}{
			{"bearer", bearer("old-secret"), 0},
			{"bearer, the second of two", bearer("new/secret+2="), 0},
			{"bearer for all", bearer("all-secret"), 0},
			{"basic", basic("any", "old-secret"), 0},
			{"basic without a user", basic("", "all-secret"), 0},
			{"basic, a colon in the user", basic("prod", "old-secret"), 0},
			{"no token", nil, 401},
			{"wrong bearer", bearer("Old-secret"), 401},
			{"wrong password", basic("old-secret", "x"), 401},
			{"no password", basic("old-secret", ""), 401},
			{"another instance's bearer", bearer("test-secret"), 403},
			{"another instance's password", basic("any", "test-secret"), 403},
		} {
			t.Run(route+" "+c.name, func(t *testing.T) {
				b := &harness{tokens: someTokens}
				w := b.do("POST", "/webhooks/"+route+"/prod", strings.NewReader("[]"), append(c.header, "vernemq-hook", "on_register")...)
				switch c.want {
				case 401:
					b.requireUnauthorized(t, w)
				case 403:
					requireForbidden(t, b, w.Code, w.Body.String())
				default:
					require.NotContains(t, []int{401, 403, 404, 405, 500, 503}, w.Code, w.Body)
				}
			})
		}
	}
}

func requireForbidden(t *testing.T, b *harness, code int, body string) {
	t.Helper()
	require.Equal(t, http.StatusForbidden, code, body)
	require.Contains(t, body, `{"code":"Forbidden","error":"`)
	require.Empty(t, b.recorded)
	require.Empty(t, b.quarantined)
}

// TestTokenInURL checks that a URL may contain the token only on the routes of brokers that
// cannot set a header, and that the token is neither stored nor sent back.
func TestTokenInURL(t *testing.T) {
	hook := []string{"vernemq-hook", "on_client_gone"}
	escaped := url.QueryEscape("new/secret+2=")
	for _, c := range []struct {
		target string
		want   int // 0: accepted and quarantined
	}{
		{"/webhooks/vernemq/prod/old-secret", 0},
		{"/webhooks/vernemq/prod/new/secret+2=", 0},
		{"/webhooks/vernemq/prod/new%2Fsecret%2B2%3D", 0},
		{"/webhooks/vernemq/prod?token=old-secret", 0},
		{"/webhooks/vernemq/prod?token=" + escaped, 0},
		{"/webhooks/vernemq/prod/wrong?token=old-secret", 0},
		{"/webhooks/vernemq/prod/wrong", 401},
		{"/webhooks/vernemq/prod/", 401},
		{"/webhooks/vernemq/prod", 401},
		{"/webhooks/vernemq/prod?token=", 401},
		{"/webhooks/vernemq/prod/test-secret", 403},
		{"/webhooks/vernemq/prod?token=test-secret", 403},
		{"/webhooks/vernemq//old-secret", 400},
		{"/webhooks/azure-eventgrid/prod?token=" + escaped, 0},
		{"/webhooks/azure-eventgrid/prod?token=wrong", 401},
		{"/webhooks/azure-eventgrid/prod?token=test-secret", 403},
		{"/webhooks/azure-eventgrid/prod/old-secret", 400},
		{"/webhooks/rmqtt/prod/old-secret", 0},
		{"/webhooks/rmqtt/prod?token=old-secret", 401},
		{"/webhooks/huawei-iotda/prod/old-secret", 0},
		{"/webhooks/huawei-iotda/prod/wrong", 401},
		{"/webhooks/hivemq/prod/old-secret", 400},
		{"/webhooks/aliyun-iot/prod?token=old-secret", 401},
		{"/webhooks/emqx/prod?token=old-secret", 401},
		{"/webhooks/events/prod?token=old-secret", 401},
		{"/webhooks/events/prod/old-secret", 400},
	} {
		t.Run(c.target, func(t *testing.T) {
			b := &harness{tokens: someTokens}
			w := b.do("POST", c.target, strings.NewReader("junk"), hook...)
			require.NotContains(t, w.Body.String(), "secret")
			for _, data := range b.quarantined {
				require.NotContains(t, string(data), "secret")
			}
			switch c.want {
			case 401:
				b.requireUnauthorized(t, w)
			case 403:
				requireForbidden(t, b, w.Code, w.Body.String())
			case 400:
				require.Contains(t, w.Body.String(), `"code":"InvalidInstance"`)
			default:
				require.Equal(t, "prod", string(b.kept(t).InstanceID))
			}
		})
	}
}

// TestTokenInPlaceOfTheInstance checks that no log line reveals a token. A log line about a
// delivery contains the instance from the URL. But if the sender omits the instance, the URL
// contains the token where the instance should be.
func TestTokenInPlaceOfTheInstance(t *testing.T) {
	hook := []string{"vernemq-hook", "on_register"}
	for instance, want := range map[string]string{"old-secret": "(a token)", "test-secret": "(a token)", "wrong": "wrong"} {
		path, want := "/webhooks/vernemq/"+instance, `"route":"vernemq","instance":"`+want+`"`
		b := &harness{tokens: someTokens}
		refused := captureLog(t, func() { b.requireUnauthorized(t, b.do("POST", path, strings.NewReader("{}"), hook...)) })
		require.Contains(t, refused, want)
		quarantined := captureLog(t, func() {
			require.Equal(t, 400, b.do("POST", path, strings.NewReader("junk"), append(hook, bearer("all-secret")...)...).Code)
		})
		require.Len(t, b.quarantined, 1)
		require.Contains(t, quarantined, want)
	}
}

// TestTokenInAKeyIsNotLogged checks that a token sent in place of the instance does not appear in
// logged store errors. These errors contain keys, and a key contains the instance.
func TestTokenInAKeyIsNotLogged(t *testing.T) {
	for instance, want := range map[string]string{"secret": "(a token)", "prod": "prod"} {
		s, path := newSystem(t), "/webhooks/events/"+instance
		require.Equal(t, http.StatusBadRequest, s.do("POST", path, "["+ownEvent+",1]", "secret").Code)
		s.handler.config.Recorder = &harness{appendErr: errors.New("put events/instance=" + instance + "/shard=0: timeout")}
		delivery := captureLog(t, func() {
			require.Equal(t, http.StatusServiceUnavailable, s.do("POST", path, ownEvent, "secret").Code)
		})
		replay := captureLog(t, func() {
			require.Equal(t, http.StatusServiceUnavailable, s.do("POST", "/webhooks/quarantine/"+s.onlyItem().String()+"/replay", "", "admin").Code)
		})
		for _, log := range []string{delivery, replay} {
			require.Contains(t, log, "put events/instance="+want+"/shard=0: timeout")
			require.NotContains(t, log, "secret")
		}
	}
}

// TestUnauthorizedNamesThePlaces checks that a 401 response lists all places where the route
// accepts a token.
func TestUnauthorizedNamesThePlaces(t *testing.T) {
	for route, want := range map[string]string{
		"emqx":            "",
		"vernemq":         ", or after the instance in the path, or as ?token=<token>",
		"azure-eventgrid": ", or as ?token=<token>",
		"rmqtt":           ", or after the instance in the path",
		"huawei-iotda":    ", or after the instance in the path",
		"events":          ", or as the key of a Standard Webhooks signature in the headers webhook-id, webhook-timestamp and webhook-signature",
	} {
		w := (&harness{}).do("POST", "/webhooks/"+route+"/prod", strings.NewReader(ownEvent), "vernemq-hook", "on_register")
		require.Equal(t, http.StatusUnauthorized, w.Code)
		require.Equal(t, "send a valid token as Authorization: Bearer <token>, or as the password of basic authentication"+want, problemOf(t, w))
	}
}
