package openapi

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

// logged redirects the default log to the returned buffer until the test ends.
func logged(t *testing.T) *bytes.Buffer {
	var lines bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&lines, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return &lines
}

func TestErrorBody(t *testing.T) {
	got := (&canned{}).do(t, httptest.NewRequest("POST", "http://trace.example/", nil))
	require.Equal(t, 400, got.status)
	require.Equal(t, `{"RequestId":"id","HostId":"trace.example","Code":"MissingAccessKeyId",`+
		`"Message":"AccessKeyId is missing: every request must be signed, with ACS3-HMAC-SHA256 or HMAC-SHA1",`+
		`"Recommend":"https://www.alibabacloud.com/help/en/apsaramq-for-mqtt/mqtt-upgraded/developer-reference/control-sdk-reference-error-codes"}`, got.body)
}

func TestMethods(t *testing.T) {
	for _, method := range []string{"PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "BREW"} {
		got := (&canned{online: []bool{true}}).do(t, v1Draft("QuerySessionByClientId", sessionParameters()).withMethod(method).signed("testak", "testsk"))
		requireError(t, got, 405, "UnsupportedHTTPMethod", "send a GET or a POST")
		require.Equal(t, "GET, POST", got.header.Get("Allow"))
	}
}

func TestStoreTrouble(t *testing.T) {
	lines := logged(t)
	for _, d := range []draft{acs3Draft("QueryMqttTraceDevice", dayParameters()), acs3Draft("QuerySessionByClientId", sessionParameters()), acs3Draft("BatchQuerySessionByClientIds", batchParameters("1"))} {
		lines.Reset()
		got := (&canned{err: errors.New("oss: private detail")}).do(t, d.signed("testak", "testsk"))
		requireError(t, got, 503, "ServiceUnavailable", "sign and send the request again later")
		require.Equal(t, "1", got.header.Get("Retry-After"))
		require.NotContains(t, got.body, "private detail")
		require.Contains(t, lines.String(), `"oss: private detail"`)
		require.Contains(t, lines.String(), "api_request_id="+got.header.Get("x-acs-request-id"))
	}
}

func TestPanics(t *testing.T) {
	lines := logged(t)
	for name, c := range map[string]struct {
		backend *canned
		draft   draft
	}{
		"the backend's":    {&canned{panics: true}, acs3Draft("QueryMqttTraceDevice", dayParameters())},
		"too few statuses": {&canned{online: []bool{true}}, acs3Draft("BatchQuerySessionByClientIds", batchParameters("1", "2"))},
		"no status":        {&canned{}, acs3Draft("QuerySessionByClientId", sessionParameters())},
	} {
		lines.Reset()
		got := c.backend.do(t, c.draft.signed("testak", "testsk"))
		requireError(t, got, 500, "InternalError", "the service failed")
		require.Contains(t, lines.String(), "openapi panicked", name)
		require.Contains(t, lines.String(), got.header.Get("x-acs-request-id"))
	}
}

func TestOperationAndVersion(t *testing.T) {
	for _, c := range []struct {
		name, value   string
		status        int
		code, message string
	}{
		{"Action", "ListGroupId", 404, "InvalidAction.NotFound", "use one of BatchQuerySessionByClientIds, QueryMqttTraceDevice, QuerySessionByClientId"},
		{"Action", "querysessionbyclientid", 404, "InvalidAction.NotFound", "this operation does not exist here"},
		{"Action", "", 400, "MissingAction", "Action is missing"},
		{"Version", "2019-12-11", 400, "InvalidVersion", "Version must be 2020-04-20"},
		{"Version", "", 400, "MissingVersion", "it is 2020-04-20"},
	} {
		v1 := v1Draft("QuerySessionByClientId", sessionParameters())
		v1.query[c.name] = c.value
		requireError(t, (&canned{}).do(t, v1.signed("testak", "testsk")), c.status, c.code, c.message)
		if c.value == "" {
			continue // ACS3 refuses an empty header with another error
		}
		acs3 := acs3Draft("QuerySessionByClientId", sessionParameters())
		acs3.header["x-acs-"+strings.ToLower(c.name)] = c.value
		requireError(t, (&canned{}).do(t, acs3.signed("testak", "testsk")), c.status, c.code, c.message)
	}
}

// TestStylesDoNotMix checks that an ACS3 request takes its operation and version only from
// headers, and that a v1 request takes them only from parameters.
func TestStylesDoNotMix(t *testing.T) {
	c := &canned{online: []bool{true}}
	r := v1Draft("QuerySessionByClientId", sessionParameters()).signed("testak", "testsk")
	r.Header.Set("x-acs-action", "QueryMqttTraceDevice")
	r.Header.Set("x-acs-version", "1")
	require.Contains(t, c.do(t, r).body, `"OnlineStatus":true`)

	d := acs3Draft("QuerySessionByClientId", setPairs(sessionParameters(), "Action", "QueryMqttTraceDevice", "Version", "1", "Signature", "x"))
	require.Contains(t, c.do(t, d.signed("testak", "testsk")).body, `"OnlineStatus":true`)
}

func TestV1NeedsAllOfItsParameters(t *testing.T) {
	for _, name := range []string{"AccessKeyId", "Signature", "SignatureMethod", "SignatureVersion", "SignatureNonce", "Timestamp"} {
		r := v1Draft("QuerySessionByClientId", sessionParameters()).signed("testak", "testsk")
		query := r.URL.Query()
		query.Del(name)
		r.URL.RawQuery = query.Encode()
		requireError(t, (&canned{}).do(t, r), 400, "Missing"+name, name+" is missing")
	}
	for name, value := range map[string]string{"SignatureMethod": "HMAC-SHA256", "SignatureVersion": "2.0", "SignatureType": "BEARERTOKEN"} {
		d := v1Draft("QuerySessionByClientId", sessionParameters())
		d.query[name] = value
		requireError(t, (&canned{}).do(t, d.signed("testak", "testsk")), 400, "InvalidParameter."+name, name+" must be ")
	}
}

const goodList = "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version"

func TestAuthorization(t *testing.T) {
	for _, c := range []struct{ header, message string }{
		{"ACS3-HMAC-SHA256", "Authorization must be"},
		{"ACS3-HMAC-SHA256 ", "Authorization must be"},
		{"ACS3-HMAC-SHA256 Credential=a,Signature=b", "Authorization lacks SignedHeaders"},
		{"ACS3-HMAC-SHA256 Credential=a,SignedHeaders=" + goodList, "Authorization lacks Signature"},
		{"ACS3-HMAC-SHA256 SignedHeaders=" + goodList + ",Signature=b", "Authorization lacks Credential"},
		{"ACS3-HMAC-SHA256 Credential=,SignedHeaders=" + goodList + ",Signature=b", "Authorization lacks Credential"},
		{"ACS3-HMAC-SHA256 Credential=a,Credential=a,SignedHeaders=" + goodList + ",Signature=b", "each once"},
		{"ACS3-HMAC-SHA256 Credential=a,SignedHeaders=" + goodList + ",Signature=b,More=c", "Authorization must be"},
		{"ACS3-HMAC-SHA256 Credential=a,SignedHeaders=" + goodList + ";host,Signature=b", "each once"},
		{"ACS3-HMAC-SHA256 Credential=a,SignedHeaders=" + goodList + ";,Signature=b", "separated by semicolons"},
		{"ACS3-HMAC-SHA256 Credential=a,SignedHeaders=" + goodList + ";Accept,Signature=b", "in lower case"},
	} {
		r := acs3Draft("QuerySessionByClientId", sessionParameters()).signed("testak", "testsk")
		r.Header.Set("Authorization", c.header)
		requireError(t, (&canned{}).do(t, r), 400, "IncompleteSignature", c.message)
	}
	for name := range strings.SplitSeq(goodList, ";") {
		r := acs3Draft("QuerySessionByClientId", sessionParameters()).signed("testak", "testsk")
		others := strings.TrimPrefix(strings.ReplaceAll(";"+goodList, ";"+name, ""), ";")
		r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), goodList, others, 1))
		requireError(t, (&canned{}).do(t, r), 400, "IncompleteSignature", "SignedHeaders lacks "+name)
	}
	for name := range strings.SplitSeq(strings.TrimPrefix(goodList, "host;"), ";") {
		r := acs3Draft("QuerySessionByClientId", sessionParameters()).signed("testak", "testsk")
		r.Header.Del(name)
		requireError(t, (&canned{}).do(t, r), 400, "IncompleteSignature", "the header "+name+" is missing")
	}
}

// TestAuthorizationSpaces checks that spaces after the commas are accepted, because some clients
// send them.
func TestAuthorizationSpaces(t *testing.T) {
	r := acs3Draft("QuerySessionByClientId", sessionParameters()).signed("testak", "testsk")
	r.Header.Set("Authorization", strings.ReplaceAll(r.Header.Get("Authorization"), ",", ", "))
	require.Equal(t, 200, (&canned{online: []bool{true}}).do(t, r).status)
}

func TestTime(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"2026-11-22T08:25:01Z", ""},
		{"2026-11-22T08:25:00Z", "InvalidTimeStamp.Expired"},
		{"2026-11-22T08:55:01Z", ""},
		{"2026-11-22T08:55:02Z", "InvalidTimeStamp.Expired"},
		{"0000-01-01T00:00:00Z", "InvalidTimeStamp.Expired"},
		{"9999-12-31T23:59:59Z", "InvalidTimeStamp.Expired"},
		{"2026-11-22T16:40:01+08:00", "InvalidTimeStamp.Format"},
		{"2026-11-22 08:40:01", "InvalidTimeStamp.Format"},
		{"Sun, 22 Nov 2026 08:40:01 GMT", "InvalidTimeStamp.Format"},
		{"1795336801000", "InvalidTimeStamp.Format"},
	} {
		acs3 := acs3Draft("QuerySessionByClientId", sessionParameters())
		acs3.header["x-acs-date"] = c.text
		v1 := v1Draft("QuerySessionByClientId", sessionParameters())
		v1.query["Timestamp"] = c.text
		for _, d := range []draft{acs3, v1} {
			got := (&canned{online: []bool{true}}).do(t, d.signed("testak", "testsk"))
			if c.want == "" {
				require.Equal(t, 200, got.status, got.body)
				continue
			}
			requireError(t, got, 400, c.want, "the request's time")
		}
	}
	d := acs3Draft("QuerySessionByClientId", sessionParameters())
	d.header["x-acs-date"] = "2026-11-22T08:00:00Z"
	require.Contains(t, (&canned{}).do(t, d.signed("testak", "testsk")).body, "ours, which is 2026-11-22T08:40:01Z")
}

func TestWrongKeys(t *testing.T) {
	for _, newDraft := range []func(string, map[string]string) draft{acs3Draft, v1Draft} {
		got := (&canned{}).do(t, newDraft("QuerySessionByClientId", sessionParameters()).signed("nobody", "testsk"))
		requireError(t, got, 404, "InvalidAccessKeyId.NotFound", "this AccessKey id does not exist here")
		for _, secret := range []string{"wrong", "", "othersk", "testsk&"} {
			got = (&canned{}).do(t, newDraft("QuerySessionByClientId", sessionParameters()).signed("testak", secret))
			requireError(t, got, 400, "SignatureDoesNotMatch", `it arrived for the host \"127.0.0.1:18080\"`)
		}
		got = (&canned{online: []bool{false}}).do(t, newDraft("QuerySessionByClientId", setPairs(sessionParameters(), "InstanceId", "any")).signed("otherak", "othersk"))
		require.Equal(t, 200, got.status, "a key for all instances: %s", got.body)
	}
}

// TestNoResponseContainsTheSignature sends wrong signatures and checks that no response
// contains the right signature.
func TestNoResponseContainsTheSignature(t *testing.T) {
	r := v1Draft("QuerySessionByClientId", sessionParameters()).signed("testak", "testsk")
	right := r.URL.Query().Get("Signature")
	query := r.URL.Query()
	query.Set("Signature", "wrong")
	r.URL.RawQuery = query.Encode()
	require.NotContains(t, (&canned{}).do(t, r).body, right)

	r = acs3Draft("QuerySessionByClientId", sessionParameters()).signed("testak", "testsk")
	start, right, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
	r.Header.Set("Authorization", start+"Signature=wrong")
	require.NotContains(t, (&canned{}).do(t, r).body, right)
}

func TestNonceOnlyOnce(t *testing.T) {
	for _, newDraft := range []func(string, map[string]string) draft{acs3Draft, v1Draft} {
		api := newAPI(t, &canned{online: []bool{true}})
		d := newDraft("QuerySessionByClientId", sessionParameters())
		forged := d.signed("testak", "wrong")
		requireError(t, serveTo(t, api, forged), 400, "SignatureDoesNotMatch", "check the secret")
		require.Equal(t, 200, serveTo(t, api, d.unsigned().signed("testak", "testsk")).status, "a wrong signature must not use up the nonce")
		requireError(t, serveTo(t, api, d.unsigned().signed("testak", "testsk")), 400, "SignatureNonceUsed", "draw a new one")
		require.Equal(t, 200, serveTo(t, api, d.unsigned().signed("otherak", "othersk")).status, "each key has its own nonces")
	}
}

// unsigned deletes the signature from the draft's parameters and returns the draft. The draft can
// then be signed again with the same nonce.
func (d draft) unsigned() draft {
	delete(d.query, "Signature")
	return d
}

func TestBodies(t *testing.T) {
	signed := func(body, contentType string) *http.Request {
		r := v1Draft("QuerySessionByClientId", sessionParameters()).signed("testak", "testsk")
		r.Body = io.NopCloser(strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		return r
	}
	const form = "application/x-www-form-urlencoded"
	backend := &canned{online: []bool{true}}
	require.Equal(t, 200, backend.do(t, signed("", form)).status, "the older Go client sends this type with an empty body")
	require.Equal(t, 200, backend.do(t, signed("", "application/json")).status)
	requireError(t, backend.do(t, signed(`{"a":1}`, "application/json")), 400, "ParameterCheckFailed", "the body is not a form")
	requireError(t, backend.do(t, signed("a=1", "")), 400, "ParameterCheckFailed", "the body is not a form")
	requireError(t, backend.do(t, signed("a=1", form+"; charset=utf-8")), 400, "SignatureDoesNotMatch", "")
	requireError(t, backend.do(t, signed("a=%zz", form)), 400, "ParameterCheckFailed", "not properly percent-encoded")
	requireError(t, backend.do(t, signed("a=1&a=2", form)), 400, "ParameterCheckFailed", `\"a\" is given more than once`)
	requireError(t, backend.do(t, signed("ClientId=c", form)), 400, "ParameterCheckFailed", `\"ClientId\" is given more than once`)
	requireError(t, backend.do(t, signed(strings.Repeat("a&", 100), form)), 400, "ParameterCheckFailed", "more than 100 parameters")
	requireError(t, backend.do(t, signed("a="+strings.Repeat("x", maxBody-2), form)), 400, "SignatureDoesNotMatch", "")
	requireError(t, backend.do(t, signed("a="+strings.Repeat("x", maxBody-1), form)), 413, "RequestEntityTooLarge", "longer than 2 MiB")

	r := signed("", form)
	r.Body = io.NopCloser(iotest.ErrReader(errors.New("the connection broke")))
	requireError(t, backend.do(t, r), 400, "InvalidRequest", "the body could not be read completely")
}

// If the body is not the one that was signed, the error must name the header that does not match
// the body.
func TestAnotherBodyThanSigned(t *testing.T) {
	r := acs3Draft("QueryMqttTraceDevice", map[string]string{"a": "1"}).inBody().signed("ak", "sk")
	r.Body = io.NopCloser(strings.NewReader("a=2"))
	requireError(t, (&canned{}).do(t, r), 400, "SignatureDoesNotMatch", "x-acs-content-sha256 is not the SHA-256")
}

func TestQueries(t *testing.T) {
	for query, message := range map[string]string{
		"ClientId=a&ClientId=b":     `\"ClientId\" is given more than once`,
		"ClientId=%zz":              "not properly percent-encoded",
		"a=1;b=2":                   "not properly percent-encoded",
		strings.Repeat("a=1&", 100): "more than 100 parameters",
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL = &url.URL{Path: "/", RawQuery: query}
		requireError(t, (&canned{}).do(t, r), 400, "ParameterCheckFailed", message)
	}
}

// TestResponseStaysBelowTheLimit checks that a request gets an error if its response would be too
// long.
func TestResponseStaysBelowTheLimit(t *testing.T) {
	long := Row{Time: now, ChannelID: strings.Repeat("\x01", 65_535), Action: event.Close, ActionInfo: event.NoHeart}
	c := &canned{page: TracePage{Total: 100, Incomplete: true}}
	for range 6 {
		c.page.Rows = append(c.page.Rows, long)
	}
	got := c.do(t, acs3Draft("QueryMqttTraceDevice", dayParameters()).signed("testak", "testsk"))
	require.Equal(t, 200, got.status)
	require.Less(t, len(got.body), 3_000_000)

	c.page.Rows = append(c.page.Rows, long)
	got = c.do(t, acs3Draft("QueryMqttTraceDevice", dayParameters()).signed("testak", "testsk"))
	requireError(t, got, 400, "ParameterCheckFailed", "request less at once")
	require.Empty(t, got.header.Get("X-Incomplete"))
}

func TestLongHostsAreCutInMessages(t *testing.T) {
	d := acs3Draft("QuerySessionByClientId", sessionParameters())
	d.host = strings.Repeat("h", 1000)
	got := (&canned{}).do(t, d.signed("testak", "wrong"))
	require.Contains(t, got.body, `host \"`+strings.Repeat("h", 256)+`\"`)
}

// TestConcurrentUse sends several requests with the same nonce at the same time, and checks that
// exactly one of them succeeds. If the race detector is on, the test also finds data races.
func TestConcurrentUse(t *testing.T) {
	api := newAPI(t, &canned{online: []bool{true}})
	d := v1Draft("QuerySessionByClientId", sessionParameters())
	d.signed("testak", "testsk")
	statuses := make(chan int, 8)
	for range cap(statuses) {
		go func() {
			w := httptest.NewRecorder()
			api.ServeHTTP(w, d.request())
			statuses <- w.Code
		}()
	}
	count := map[int]int{}
	for range cap(statuses) {
		count[<-statuses]++
	}
	require.Equal(t, map[int]int{200: 1, 400: 7}, count)
}
