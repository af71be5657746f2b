package e2e

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
)

// entryPoint is a request that needs a token.
type entryPoint struct {
	method, path, body, token string
	// basic is true if the token is also accepted as the password of Basic authentication.
	basic bool
}

var entryPoints = []entryPoint{
	{method: "GET", path: "/api/v1/trace" + secretQuestion, token: queryToken},
	{method: "GET", path: "/api/v1/trace" + secretQuestion + "&format=csv", token: queryToken},
	{method: "HEAD", path: "/api/v1/trace" + secretQuestion, token: queryToken},
	{method: "GET", path: "/api/v1/status" + secretQuestion, token: queryToken},
	{method: "GET", path: "/api/v1/diagnosis" + secretQuestion, token: queryToken},
	{method: "GET", path: "/api/v1/days" + secretQuestion, token: queryToken},
	{method: "GET", path: "/api/v1/fleet?instance=attacked", token: queryToken},
	{method: "GET", path: "/api/v1/scope" + secretQuestion + "&at=2026-11-22T08:00:00Z", token: queryToken},
	{method: "GET", path: "/api/v1/devices?instance=attacked&format=csv", token: queryToken},
	{method: "POST", path: "/webhooks/events/attacked", body: "[]", token: webhookToken, basic: true},
	{method: "POST", path: "/webhooks/emqx/attacked", body: "[]", token: webhookToken, basic: true},
	{method: "POST", path: "/webhooks/aws-iot/attacked", body: "[]", token: webhookToken, basic: true},
	{method: "GET", path: "/webhooks/quarantine", token: adminToken},
	{method: "GET", path: "/webhooks/quarantine/2026-11-22-0123456789abcdef0123456789abcdef", token: adminToken},
	{method: "POST", path: "/webhooks/quarantine/2026-11-22-0123456789abcdef0123456789abcdef/replay", token: adminToken},
}

const (
	accessKeyID  = "e2e-access-key"
	accessSecret = "e2e-access-secret"
	narrowKeyID  = "e2e-narrow-key"
	narrowSecret = "e2e-narrow-secret"
)

// wrongHeaders returns header lines, none of which contains a valid credential for the entry point.
func (d entryPoint) wrongHeaders() (headers []string) {
	for _, other := range []string{webhookToken, queryToken, adminToken, accessKeyID, accessSecret, "*", "local", "undefined", ""} {
		if other != d.token {
			headers = append(headers, "Authorization: Bearer "+other, "Authorization: "+basicAuth(other))
		}
	}
	t := d.token
	if !d.basic {
		headers = append(headers, "Authorization: "+basicAuth(t))
	}
	return append(headers,
		"", "Authorization:", "Authorization: Bearer", "Authorization: "+t, "Authorization: Token "+t, "Authorization: Bearer:"+t, "Authorization: Bearer\t"+t,
		"Authorization: Bearer "+strings.ToUpper(t), "Authorization: Bearer "+t[:len(t)-1], "Authorization: Bearer "+t+"x", "Authorization: Bearer "+t+t,
		"Authorization: Bearer "+t+","+t, "Authorization: Bearer "+t+" "+t, "Authorization: Bearer \""+t+"\"", "Authorization: Bearer "+url.QueryEscape(t+"\x00"),
		"Authorization: Bearer "+base64.StdEncoding.EncodeToString([]byte(t)), "Authorization: Digest username=\""+t+"\"",
		"Authorization: Basic "+base64.StdEncoding.EncodeToString([]byte(t)), "Authorization: Basic "+base64.StdEncoding.EncodeToString([]byte(t+":")),
		"Cookie: token="+t, "X-Api-Key: "+t, "Proxy-Authorization: Bearer "+t, "WWW-Authenticate: Bearer "+t, "X-Signature-256: sha256="+t, "webhook-signature: v1,"+t, "webhook-id: "+t, "webhook-timestamp: "+t,
	)
}

// TestAttackCredentials checks that no entry point accepts the token of another entry point, its
// own token in another form, or a token in a place where no token belongs.
func TestAttackCredentials(t *testing.T) {
	t.Parallel()
	count := countAttacks(t)
	s := newStackWith(t, "ADMIN_TOKEN="+adminToken, "OPENAPI_KEYS="+accessKeyID+":"+accessSecret+"=*")
	s.record(t, "attacked", manyEvents(secretClient, time.Now(), 1))
	before := s.objects(t, "")
	for _, d := range entryPoints {
		r := s.send(t, d.method, d.path, d.body, "Authorization", "Bearer "+d.token)
		require.NotContains(t, []int{401, 403}, r.status, "%s must accept its own token", d.path)
		for _, header := range d.wrongHeaders() {
			r := raw(t, s.endpoint(), fmt.Sprintf("%s %s HTTP/1.1\r\nHost: x\r\n%s\r\nContent-Length: %d\r\n\r\n%s", d.method, d.path, headerLine(header), len(d.body), d.body))
			require.Equal(t, 401, r.status, "%s %s %s", d.method, d.path, header)
			require.NotContains(t, string(r.body), secretClient)
			count.note(r)
		}
		r = s.send(t, d.method, d.path, d.body, signed(t, d.token, d.body+"x")...)
		require.Equal(t, 401, r.status, "%s with a signature of another body", d.path)
		count.note(r)
		for _, name := range []string{"token", "access_token", "Authorization", "key", "AccessKeyId"} {
			path := d.path + map[bool]string{true: "&", false: "?"}[strings.Contains(d.path, "?")] + name + "=" + d.token
			r := s.send(t, d.method, path, d.body)
			require.Equal(t, 401, r.status, path)
			count.note(r)
		}
	}
	require.Equal(t, before, s.objects(t, ""))
}

// headerLine returns the given header line, or a harmless one if the given line is empty.
func headerLine(header string) string {
	if header == "" {
		return "X-Nothing: x"
	}
	return header
}

// signedQuery returns the query string of a signed request to Alibaba's API. The signature is one
// of the parameters.
func signedQuery(id, secret, nonce string, at time.Time, more url.Values) string {
	q := url.Values{
		"Action": {"QueryMqttTraceDevice"}, "Version": {"2020-04-20"}, "Format": {"JSON"},
		"AccessKeyId": {id}, "SignatureMethod": {"HMAC-SHA1"}, "SignatureVersion": {"1.0"}, "SignatureNonce": {nonce},
		"Timestamp":  {at.UTC().Format("2006-01-02T15:04:05Z")},
		"InstanceId": {"attacked"}, "ClientId": {secretClient}, "CurrentPage": {"1"}, "PageSize": {"10"},
		"BeginTime": {strconv.FormatInt(at.Add(-time.Hour).UnixMilli(), 10)}, "EndTime": {strconv.FormatInt(at.Add(time.Hour).UnixMilli(), 10)},
	}
	for name, values := range more {
		q[name] = values
	}
	encode := func(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }
	canonical := strings.ReplaceAll(q.Encode(), "+", "%20")
	mac := hmac.New(sha1.New, []byte(secret+"&"))
	mac.Write([]byte("GET&%2F&" + encode(canonical)))
	q.Set("Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return q.Encode()
}

// TestAttackAccessKeys attacks the authentication of Alibaba's query API. The API must accept a
// signed request only once and only for a limited time. The access key must cover the instance in
// the request. The API must also refuse a request that was changed after it was signed.
func TestAttackAccessKeys(t *testing.T) {
	t.Parallel()
	count := countAttacks(t)
	p := newPlainServers(t, "OPENAPI_KEYS="+accessKeyID+":"+accessSecret+"=*;"+narrowKeyID+":"+narrowSecret+"=other")
	_, err := do(t.Context(), "POST", "http://"+p.recorder+"/webhooks/events/attacked", webhookToken, nil, []byte(`{"client_id":"`+secretClient+`","action":"connect"}`))
	require.NoError(t, err)
	ask := func(query string) response {
		r, err := do(t.Context(), "GET", "http://"+p.query+"/?"+query, "", nil, nil)
		require.NoError(t, err)
		return r
	}
	now := time.Now()
	good := signedQuery(accessKeyID, accessSecret, "nonce", now, nil)
	require.Contains(t, string(ask(good).body), `"Total":1`)
	for name, c := range map[string]struct{ query, code string }{
		"replayed":                  {good, "SignatureNonceUsed"},
		"nonce used in another way": {signedQuery(accessKeyID, accessSecret, "nonce", now, url.Values{"PageSize": {"11"}}), "SignatureNonceUsed"},
		"old":                       {signedQuery(accessKeyID, accessSecret, "old", now.Add(-16*time.Minute), nil), "InvalidTimeStamp.Expired"},
		"from the future":           {signedQuery(accessKeyID, accessSecret, "new", now.Add(16*time.Minute), nil), "InvalidTimeStamp.Expired"},
		"no time":                   {signedQuery(accessKeyID, accessSecret, "no", now, url.Values{"Timestamp": {"now"}}), "InvalidTimeStamp.Format"},
		"another instance's key":    {signedQuery(narrowKeyID, narrowSecret, "n1", now, nil), "InstancePermissionCheckFailed"},
		"all instances":             {signedQuery(narrowKeyID, narrowSecret, "n2", now, url.Values{"InstanceId": {"*"}}), "ParameterCheckFailed"},
		"a list of instances":       {signedQuery(narrowKeyID, narrowSecret, "n3", now, url.Values{"InstanceId": {"other,attacked"}}), "ParameterCheckFailed"},
		"another key's secret":      {signedQuery(narrowKeyID, accessSecret, "n4", now, nil), "SignatureDoesNotMatch"},
		"no secret":                 {signedQuery(accessKeyID, "", "n5", now, nil), "SignatureDoesNotMatch"},
		"a token as the secret":     {signedQuery(accessKeyID, queryToken, "n6", now, nil), "SignatureDoesNotMatch"},
		"a changed parameter":       {strings.Replace(signedQuery(accessKeyID, accessSecret, "n7", now, nil), "PageSize=10", "PageSize=11", 1), "SignatureDoesNotMatch"},
		"one more parameter":        {signedQuery(accessKeyID, accessSecret, "n8", now, nil) + "&Reverse=true", "SignatureDoesNotMatch"},
		"a parameter twice":         {signedQuery(narrowKeyID, narrowSecret, "n9", now, url.Values{"InstanceId": {"other"}}) + "&InstanceId=attacked", "ParameterCheckFailed"},
		"another key's id":          {strings.Replace(signedQuery(narrowKeyID, narrowSecret, "n10", now, nil), narrowKeyID, accessKeyID, 1), "SignatureDoesNotMatch"},
		"a weaker method":           {signedQuery(accessKeyID, accessSecret, "n11", now, url.Values{"SignatureMethod": {"none"}}), "InvalidParameter.SignatureMethod"},
		"no signature":              {"Action=QueryMqttTraceDevice&Version=2020-04-20&AccessKeyId=" + accessKeyID, "MissingSignature"},
		"no nonce":                  {signedQuery(accessKeyID, accessSecret, "", now, nil), "MissingSignatureNonce"},
		"no such key":               {signedQuery("nobody", accessSecret, "n12", now, nil), "InvalidAccessKeyId.NotFound"},
		"another's session":         {signedQuery(narrowKeyID, narrowSecret, "n13", now, url.Values{"Action": {"QuerySessionByClientId"}}), "InstancePermissionCheckFailed"},
		"another's sessions":        {signedQuery(narrowKeyID, narrowSecret, "n14", now, url.Values{"Action": {"BatchQuerySessionByClientIds"}, "ClientIdList.1": {secretClient}}), "InstancePermissionCheckFailed"},
	} {
		r := ask(c.query)
		require.GreaterOrEqual(t, r.status, 400, name)
		require.Contains(t, string(r.body), `"Code":"`+c.code+`"`, name)
		require.NotContains(t, string(r.body), accessSecret, name)
		count.note(r)
	}
	require.Contains(t, string(ask(signedQuery(accessKeyID, accessSecret, "last", now, nil)).body), `"Total":1`, "refused requests must not use up a nonce")
}

// TestAttackTokensAreNotStored sends valid and invalid tokens in every place where a request can
// carry a token. No response, log or object may contain any of them.
func TestAttackTokensAreNotStored(t *testing.T) {
	t.Parallel()
	count := countAttacks(t)
	s := newStackWith(t, "WEBHOOK_TOKENS="+newToken+"=prod;"+otherToken+"=test", "ADMIN_TOKEN="+adminToken, "OPENAPI_KEYS="+accessKeyID+":"+accessSecret+"=*")
	planted := []string{webhookToken, queryToken, newToken, otherToken, adminToken, accessSecret}
	plant := func() string {
		planted = append(planted, fmt.Sprintf("planted-%04d-token", len(planted)))
		return planted[len(planted)-1]
	}
	send := func(method, path, body string, header ...string) {
		r := s.send(t, method, path, body, header...)
		received := string(r.body) + fmt.Sprint(r.header)
		for _, token := range planted {
			require.NotContains(t, received, token, "%s %s", method, path)
		}
		count.note(r)
	}
	junk := "[{]"
	for _, route := range append(broker.Names(), "quarantine", "nowhere") {
		path := "/webhooks/" + route + "/prod"
		send("POST", path, junk, "Authorization", "Bearer "+plant())
		send("POST", path, junk, "Authorization", basicAuth(plant()))
		send("POST", path, junk, "Authorization", plant())
		send("POST", path, junk, "webhook-signature", "v1,"+plant())
		send("POST", path, junk, "webhook-id", plant(), "webhook-timestamp", plant(), "webhook-signature", plant())
		send("POST", path, junk, signed(t, plant(), junk)...)
		send("POST", path, junk, "Cookie", "token="+plant(), "X-Api-Key", plant(), "Proxy-Authorization", "Bearer "+plant(), "Referer", "https://x/?token="+plant())
		send("POST", path+"?token="+plant(), junk)
		send("POST", path+"/"+plant(), junk, "vernemq-hook", "on_register")
		for _, right := range []string{newToken, otherToken, webhookToken} {
			send("POST", path, junk, "Authorization", "Bearer "+right)
			send("POST", path+"?token="+right, junk, "vernemq-hook", "on_register")
			send("POST", path+"/"+right, junk, "vernemq-hook", "on_register")
			send("POST", "/webhooks/"+route+"/"+right, junk, "vernemq-hook", "on_register")
			send("POST", path, junk, "Authorization", "Bearer "+right, "Content-Encoding", "br", "webhook-signature", "v1,"+plant(), "Cookie", plant())
		}
		send("OPTIONS", path+"?token="+plant(), "", "WebHook-Request-Origin", "not a host "+plant())
	}
	send("POST", "/webhooks/vernemq/prod/"+plant(), `{"password":"`+plant()+`"}`, "vernemq-hook", "auth_on_register")
	send("POST", "/webhooks/vernemq/prod/"+plant(), `{"password":"`+plant()+`"}`)
	send("POST", "/webhooks/aws-iot/prod", `{"confirmationToken":"`+plant()+`","enableUrl":"https://127.0.0.1/confirmdestination/`+plant()+`"}`, "x-amz-rules-engine-message-type", "DestinationConfirmation")
	for _, path := range []string{"/api/v1/trace", "/api/v1/status", "/api/v1/diagnosis", "/api/v1/days", "/api/v1/fleet", "/api/v1/scope", "/api/v1/devices", "/api/v1/openapi.yaml", "/nowhere", "/webhooks/quarantine"} {
		send("GET", path+"?token="+plant(), "", "Authorization", "Bearer "+plant())
		send("GET", path+"?token="+plant(), "", "Authorization", "Bearer "+queryToken)
		send("GET", path+"?instance=i&client=c", "", "Authorization", basicAuth(plant()), "Cookie", plant())
		send("GET", path+"?instance=i&client=c", "", "Authorization", "Bearer "+adminToken, "If-None-Match", `"`+plant()+`"`)
	}
	now := time.Now()
	send("GET", "/?"+signedQuery(accessKeyID, plant(), "n1", now, nil)+"&SecurityToken="+plant(), "")
	send("GET", "/?"+signedQuery(accessKeyID, accessSecret, "n2", now, url.Values{"SecurityToken": {plant()}, "InstanceId": {"i"}}), "")
	send("GET", "/?"+signedQuery(accessKeyID, accessSecret, "n3", now, url.Values{"BeginTime": {"0"}, "AccessKeySecret": {plant()}}), "")
	send("GET", "/?Action=QueryMqttTraceDevice&AccessKeyId="+accessKeyID+"&Signature="+plant(), "")
	send("POST", "/", "AccessKeySecret="+plant(), "Content-Type", "application/x-www-form-urlencoded", "Authorization", "ACS3-HMAC-SHA256 Credential="+accessKeyID+",SignedHeaders=host,Signature="+plant())
	s.interrupt(t)
	s.requireNoSecrets(t, planted...)
}
