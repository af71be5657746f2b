package e2e

import (
	"encoding/base64"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"
)

// oldToken, newToken and otherToken are webhook tokens, each valid for certain instances only.
// oldToken contains base64 characters, because these must be escaped in a URL. adminToken gives
// access to the quarantine.
const (
	oldToken   = "e2e-old/secret+1=="
	newToken   = "e2e-new-secret"
	otherToken = "e2e-other-secret"
	adminToken = "e2e-admin-secret"
)

func basicAuth(password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte("anyone:"+password))
}

// signed returns the headers of a request whose body the Standard Webhooks library has signed with
// the token.
func signed(t *testing.T, token, body string) []string {
	t.Helper()
	signer, err := standardwebhooks.NewWebhook("whsec_" + base64.StdEncoding.EncodeToString([]byte(token)))
	require.NoError(t, err)
	return signedBy(t, signer, body)
}

func signedBy(t *testing.T, signer *standardwebhooks.Webhook, body string) []string {
	t.Helper()
	now := time.Now()
	signature, err := signer.Sign("msg_1", now, []byte(body))
	require.NoError(t, err)
	return []string{"webhook-id", "msg_1", "webhook-timestamp", strconv.FormatInt(now.Unix(), 10), "webhook-signature", signature}
}

// TestAuthentication sends valid tokens, a token for another instance, and invalid tokens, each in
// every way that a sender can use. No token may be stored or logged.
func TestAuthentication(t *testing.T) {
	t.Parallel()
	s := newStackWith(t, "WEBHOOK_TOKENS="+oldToken+"=prod; "+newToken+"=prod,spare; "+otherToken+"=test", "ADMIN_TOKEN="+adminToken)
	began := time.Now().Add(-time.Minute)
	event := func(client string) string { return `{"client_id":"` + client + `","action":"connect"}` }
	hook := []string{"vernemq-hook", "on_register"}
	hookBody := func(client string) string {
		return `{"peer_addr":"192.0.2.7","peer_port":1,"mountpoint":"","client_id":"` + client + `","username":null}`
	}
	for name, send := range map[string]func(token string) response{
		"bearer": func(token string) response {
			return s.send(t, "POST", "/webhooks/events/prod", event("bearer"), "Authorization", "Bearer "+token)
		},
		"basic": func(token string) response {
			return s.send(t, "POST", "/webhooks/events/prod", event("basic"), "Authorization", basicAuth(token))
		},
		"signature": func(token string) response {
			return s.send(t, "POST", "/webhooks/events/prod", event("signature"), signed(t, token, event("signature"))...)
		},
		"path": func(token string) response {
			return s.send(t, "POST", "/webhooks/vernemq/prod/"+token, hookBody("path"), hook...)
		},
		"query": func(token string) response {
			return s.send(t, "POST", "/webhooks/vernemq/prod?token="+url.QueryEscape(token), hookBody("query"), hook...)
		},
	} {
		for token, want := range map[string]int{
			oldToken: 200, newToken: 200, webhookToken: 200, otherToken: 403, queryToken: 401, adminToken: 401, "wrong": 401,
		} {
			if name == "signature" && want == 403 {
				want = 401 // signatures are checked only with this instance's tokens, so otherToken counts as unknown
			}
			require.Equal(t, want, send(token).status, "%s with %s", name, token)
		}
		rows := s.trace(t, question("prod", name, began, time.Now().Add(time.Minute))).Events
		require.Len(t, rows, 3, "%s: one for each valid token", name)
	}
	require.Equal(t, 401, s.send(t, "POST", "/webhooks/emqx/prod?token="+newToken, "{}").status, "a source that can set headers must not use the query")
	require.Equal(t, 400, s.send(t, "POST", "/webhooks/emqx/prod/"+newToken, "{}").status)
	require.Equal(t, 400, s.send(t, "POST", "/webhooks/azure-eventgrid/prod?token="+newToken, "junk").status, "authorized, but not understood")
	require.Len(t, s.objects(t, "quarantine/"), 1)
	s.interrupt(t)
	s.requireNoSecrets(t, webhookToken, queryToken, oldToken, url.QueryEscape(oldToken), newToken, otherToken, adminToken)
}

// requireNoSecrets checks that the stack's files and output contain none of the secrets.
func (s *stack) requireNoSecrets(t *testing.T, secrets ...string) {
	t.Helper()
	written := map[string]string{"the output": s.output.text.String()}
	require.NoError(t, filepath.WalkDir(s.data, func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			written[path] = readFile(t, path)
		}
		return err
	}))
	require.Contains(t, written, filepath.Join(s.data, "functions.log"))
	for where, text := range written {
		for _, secret := range secrets {
			require.False(t, strings.Contains(text, secret), "%s must not be in %s", secret, where)
		}
	}
}

// TestRotation checks that an old and a new token can be valid at the same time, and that only the
// new token is valid after a restart without the old one.
func TestRotation(t *testing.T) {
	t.Parallel()
	s := newStackWith(t, "WEBHOOK_TOKENS="+oldToken+"=*;"+newToken+"=*")
	status := func(token string) int {
		return s.send(t, "POST", "/webhooks/events/prod", "[]", "Authorization", "Bearer "+token).status
	}
	require.Equal(t, []int{200, 200}, []int{status(oldToken), status(newToken)})
	s.interrupt(t)
	s.env = []string{"WEBHOOK_TOKENS=" + newToken + "=*"}
	s.start(t)
	require.Equal(t, []int{401, 200}, []int{status(oldToken), status(newToken)})
}

// TestHandshakes checks that handshakes need no token, store no object, and leave no secret in any
// file or log.
func TestHandshakes(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	const secret = "hush-hush"

	r := s.send(t, "OPTIONS", "/webhooks/azure-eventgrid/prod?token="+secret, "", "WebHook-Request-Origin", "eventgrid.azure.net", "WebHook-Request-Rate", "120")
	require.Equal(t, 200, r.status, string(r.body))
	require.Equal(t, "eventgrid.azure.net", r.header.Get("WebHook-Allowed-Origin"))
	require.Equal(t, "120", r.header.Get("WebHook-Allowed-Rate"))
	require.Equal(t, 400, s.send(t, "OPTIONS", "/webhooks/azure-eventgrid/prod", "", "WebHook-Request-Origin", "not a host").status)

	r = s.send(t, "POST", "/webhooks/azure-eventgrid/prod", `[{"id":"1","eventType":"Microsoft.EventGrid.SubscriptionValidationEvent","data":{"validationCode":"512d38b6"}}]`, "aeg-event-type", "SubscriptionValidation")
	require.Equal(t, 200, r.status, string(r.body))
	require.JSONEq(t, `{"validationResponse":"512d38b6"}`, string(r.body))

	for _, path := range []string{"", "/prod", "/prod/" + secret, "/prod?token=" + secret} {
		r = s.send(t, "POST", "/webhooks/vernemq"+path, `{"client_id":"c","password":"`+secret+`"}`, "vernemq-hook", "auth_on_register")
		require.Equal(t, 200, r.status, string(r.body))
		require.JSONEq(t, `{"result":"next"}`, string(r.body))
	}
	r = s.post(t, "/webhooks/vernemq/prod", []byte(`{"client_id":"c","password":"`+secret+`"}`), nil)
	require.Equal(t, 400, r.status, "a body without its hook must be refused")

	elsewhere := `{"arn":"a","confirmationToken":"` + secret + `","enableUrl":"https://127.0.0.1:` + s.port + `/confirmdestination/` + secret + `","messageType":"DestinationConfirmation"}`
	r = s.send(t, "POST", "/webhooks/aws-iot/prod", elsewhere, "x-amz-rules-engine-message-type", "DestinationConfirmation")
	require.Equal(t, 400, r.status, string(r.body))

	require.Empty(t, s.objects(t, "quarantine/"))
	require.Empty(t, s.objects(t, "events/"))
	s.interrupt(t)
	s.requireNoSecrets(t, secret)
}
