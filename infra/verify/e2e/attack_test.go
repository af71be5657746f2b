package e2e

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/verify/figures"
)

// The tests named TestAttack act as attackers: they try to read, store or break things without
// permission.

// attacks counts refused requests. The number becomes one of the reported figures when the test
// ends.
type attacks struct{ refused atomic.Int64 }

func countAttacks(t *testing.T) *attacks {
	a := &attacks{}
	t.Cleanup(func() { figures.Add(t, "attacks refused", int(a.refused.Load())) })
	return a
}

// note counts the response if it is a refusal.
func (a *attacks) note(r response) {
	if r.status >= 400 {
		a.refused.Add(1)
	}
}

// secretClient is the client identifier of a device. No response may reveal to an attacker that
// this device exists.
const secretClient = "client-7c1e5b"

const secretQuestion = "?instance=attacked&client=" + secretClient

// trickyTargets are request targets that a proxy and the function could interpret differently.
var trickyTargets = []string{
	"/api/v1/trace" + secretQuestion, "//api/v1/trace" + secretQuestion, "/api//v1/trace" + secretQuestion, "/api/v1/trace/" + secretQuestion,
	"/api/v1/../v1/trace" + secretQuestion, "/api/v1/%2e%2e/v1/trace" + secretQuestion, "/api%2fv1%2ftrace" + secretQuestion,
	"/api/v1/trace%00" + secretQuestion, "/api/v1/trace%0d%0aX: y" + secretQuestion, "/api/v1/trace;x=y" + secretQuestion,
	"/API/V1/TRACE" + secretQuestion, "/%61pi/v1/status" + secretQuestion, "/api/v1/diagnosis" + secretQuestion, "/./api/v1/status" + secretQuestion,
	"/webhooks/../api/v1/trace" + secretQuestion, "/webhooks/%2e%2e/api/v1/trace" + secretQuestion, "/webhooks/..%2fapi%2fv1%2ftrace" + secretQuestion,
	"/console/../api/v1/trace" + secretQuestion, "/console/../../../../../../etc/passwd", "/console/..%2f..%2f..%2fgo.mod", "/console/%2e%2e/%2e%2e/main.go",
	"http://127.0.0.1/api/v1/trace" + secretQuestion, "http://user:pass@evil.example/api/v1/trace" + secretQuestion, "https://evil.example//webhooks/quarantine",
	"/webhooks/quarantine", "/webhooks//quarantine", "/webhooks/quarantine/", "/webhooks/quarantine/..", "/webhooks/quarantine/%2e%2e%2f%2e%2e%2fevents",
	"/webhooks/quarantine%2f2026-11-22-0123456789abcdef0123456789abcdef", "/webhooks/./quarantine", "/webhooks/events/../quarantine",
	"/webhooks/events/attacked", "/webhooks/events/attacked/", "/webhooks/events//attacked", "/webhooks/events/%00", "/webhooks/events/a%0d%0aX:%20y",
	"/webhooks/events/..", "/webhooks/events/%2e%2e%2f%2e%2e", "/webhooks/events%2fattacked", "/webhooks/%2e/events/attacked", "/webhooks/events/attacked%2f..%2fother",
	"/webhooks/vernemq/attacked/", "/webhooks/vernemq/attacked?token=", "/webhooks/vernemq/attacked?token=a&token=b", "/webhooks/azure-eventgrid/attacked?token",
	"/invoke", "/initialize", "/pre-stop", "/2020-11-11/runtime/invocation/next", "/\\evil.example", "//evil.example/%2f..", "/.git/config", "/debug/pprof/",
}

// trickyHeaders are headers that make some servers assume a different method, path, address or
// caller.
var trickyHeaders = []string{
	"", "X-HTTP-Method-Override: GET\r\nX-HTTP-Method: POST\r\nX-Method-Override: GET\r\n",
	"X-Original-URL: /api/v1/trace" + secretQuestion + "\r\nX-Rewrite-URL: /api/v1/trace" + secretQuestion + "\r\n",
	"X-Forwarded-For: 127.0.0.1\r\nX-Real-IP: 127.0.0.1\r\nForwarded: for=127.0.0.1;host=localhost\r\nX-Forwarded-Host: localhost\r\nX-Forwarded-Prefix: /..\r\n",
	"X-Fc-Access-Key-Id: forged\r\nX-Fc-Access-Key-Secret: forged\r\nX-Fc-Security-Token: forged\r\nX-Fc-Request-Id: forged-id\r\nX-Fc-Control-Path: /invoke\r\nX-Fc-Function-Type: 2\r\n",
	"Authorization: Bearer wrong\r\nAuthorization: Bearer " + queryToken + "\r\nAuthorization: Bearer " + webhookToken + "\r\n",
	"Cookie: token=" + queryToken + "; Authorization=Bearer " + queryToken + "\r\n",
	"Proxy-Authorization: Bearer " + queryToken + "\r\nX-Authorization: Bearer " + queryToken + "\r\nX-Api-Key: " + adminToken + "\r\n",
	"Origin: https://evil.example\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization\r\n",
	"Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
	"X-Amz-Rules-Engine-Message-Type: DestinationConfirmation\r\nAeg-Event-Type: SubscriptionValidation\r\n",
}

// TestAttackPaths sends requests that have an unusual target or header, and no valid token in their
// first Authorization header. No request may read or store anything. This must hold for the plain
// servers and for the functions behind the local function host, in either runtime. In a custom
// runtime, the functions trust x-fc- headers, which the host must not let through.
func TestAttackPaths(t *testing.T) {
	t.Parallel()
	count := countAttacks(t)
	s, concurrent := newStackWith(t, "ADMIN_TOKEN="+adminToken), newStackWith(t, "ADMIN_TOKEN="+adminToken, "S_YAML="+concurrentFile)
	p := newPlainServers(t)
	s.record(t, "attacked", manyEvents(secretClient, time.Now(), 1))
	concurrent.record(t, "attacked", manyEvents(secretClient, time.Now(), 1))
	event := `{"client_id":"attacker","action":"connect"}`
	r, err := do(t.Context(), "POST", "http://"+p.recorder+"/webhooks/events/attacked", webhookToken, nil, []byte(strings.ReplaceAll(event, "attacker", secretClient)))
	require.NoError(t, err)
	require.Equal(t, 200, r.status)
	plain := &stack{data: p.folder}
	var before []map[string]string
	for _, of := range []*stack{s, concurrent, plain} {
		before = append(before, of.objects(t, ""))
	}
	for _, address := range []string{"127.0.0.1:" + s.port, "127.0.0.1:" + concurrent.port, p.recorder, p.query} {
		for _, target := range trickyTargets {
			for _, header := range trickyHeaders {
				for _, method := range []string{"GET", "POST", "OPTIONS"} {
					r := raw(t, address, fmt.Sprintf("%s %s HTTP/1.1\r\nHost: trace.example\r\n%sContent-Length: %d\r\n\r\n%s", method, target, header, len(event), event))
					requireRefused(t, r, method+" "+target+"\n"+header)
					count.note(r)
				}
			}
		}
	}
	for i, of := range []*stack{s, concurrent, plain} {
		require.Equal(t, before[i], of.objects(t, ""))
	}
	for _, base := range []string{s.url(""), concurrent.url(""), "http://" + p.query} {
		r, err := do(t.Context(), "GET", base+"/api/v1/trace"+secretQuestion, queryToken, nil, nil)
		require.NoError(t, err)
		require.Equal(t, 200, r.status, "a query with its token must still work")
		require.Contains(t, string(r.body), secretClient)
	}
}

// requireRefused checks that a response is a refusal that reveals nothing, redirects nowhere and
// gives no other origin access.
func requireRefused(t *testing.T, r response, request string) {
	t.Helper()
	require.Contains(t, []int{400, 401, 403, 404, 405}, r.status, "%s\n%s", request, r.body)
	require.NotContains(t, string(r.body), secretClient, request)
	require.NotContains(t, string(r.body), "root:", request)
	for name, values := range r.header {
		require.NotContains(t, []string{"Location", "Refresh", "Set-Cookie"}, name, request)
		require.False(t, strings.HasPrefix(name, "Access-Control-"), "%s: %s", request, name)
		require.NotContains(t, strings.Join(values, ""), "evil", request)
		require.NotContains(t, strings.Join(values, ""), "forged", request)
	}
}
