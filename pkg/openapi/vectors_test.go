package openapi

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

// odd is a client identifier with characters that clients encode in different ways.
const odd = "GID_a@@@dev 1*~+/é中"

const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// vector is a request that one of Alibaba Cloud's clients signed with key testak and secret
// testsk.
type vector struct {
	name       string
	date       string
	query      map[string]string
	form       map[string]string
	header     map[string]string // for ACS3 only
	want       string            // text that the response must contain
	wantClient string
}

func traceParameters() map[string]string {
	return map[string]string{
		"BeginTime": "1621580400000", "ClientId": odd, "CurrentPage": "1", "EndTime": "1621584000000",
		"InstanceId": "post-cn-x", "MqttRegionId": "cn-hangzhou", "PageSize": "10", "Reverse": "true",
	}
}

// setPairs sets parameters to the given names and values, and returns the map.
func setPairs(parameters map[string]string, pairs ...string) map[string]string {
	for i := 0; i < len(pairs); i += 2 {
		parameters[pairs[i]] = pairs[i+1]
	}
	return parameters
}

func v1Common(action, nonce, timestamp, signature string) []string {
	return []string{
		"Action", action, "Version", "2020-04-20", "AccessKeyId", "testak", "SignatureMethod", "HMAC-SHA1",
		"SignatureVersion", "1.0", "SignatureNonce", nonce, "Timestamp", timestamp, "Signature", signature,
	}
}

var vectors = []vector{
	{
		name: "Go, ACS3", date: "2026-11-22T08:40:01Z", query: traceParameters(),
		header: map[string]string{
			"Authorization": "ACS3-HMAC-SHA256 Credential=testak,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;" +
				"x-acs-signature-nonce;x-acs-version,Signature=b4a7196d425299cea91e925c5563ebc3ad26ee40e42d00bbc284fa071bf3c973",
			"x-acs-action": "QueryMqttTraceDevice", "x-acs-version": "2020-04-20", "x-acs-date": "2026-11-22T08:40:01Z",
			"x-acs-signature-nonce": "9aaa74b801b6e91b6d3cef756c1ef19e", "x-acs-content-sha256": emptyHash,
		},
		want: `"DeviceInfoList":[]`, wantClient: odd,
	},
	{
		name: "Go, v1", date: "2026-11-22T08:40:01Z",
		query: setPairs(traceParameters(), append(v1Common("QueryMqttTraceDevice", "3cd42a204f5a65ccb58ad0a5073f11db",
			"2026-11-22T08:40:01Z", "af72BwnsNbr9AoArxA4I9Qc0aHI="), "Format", "json")...),
		want: `"DeviceInfoList":[]`, wantClient: odd,
	},
	{
		name: "the older Go client", date: "2026-11-22T08:40:01Z",
		query: setPairs(map[string]string{"ClientId": odd, "InstanceId": "post-cn-x"},
			append(v1Common("QuerySessionByClientId", "e51533fb75dbe43db12389cc3f1b5933", "2026-11-22T08:40:01Z",
				"N0qc+FViiBhf6T64h/8nlZo/jwQ="), "Format", "JSON", "RegionId", "cn-hangzhou", "SignatureType", "")...),
		want: `"OnlineStatus":true`, wantClient: odd,
	},
	{
		name: "temporary keys, ACS3", date: "2026-11-22T08:40:20Z",
		query: map[string]string{"ClientId": "x", "InstanceId": "post-cn-x"},
		header: map[string]string{
			"Authorization": "ACS3-HMAC-SHA256 Credential=testak,SignedHeaders=host;x-acs-accesskey-id;x-acs-action;x-acs-content-sha256;" +
				"x-acs-date;x-acs-security-token;x-acs-signature-nonce;x-acs-version," +
				"Signature=9c5dbd47104da1478c5711dcb96a43a72d9dfe712cb709c328b1a95096722833",
			"x-acs-action": "QuerySessionByClientId", "x-acs-version": "2020-04-20", "x-acs-date": "2026-11-22T08:40:20Z",
			"x-acs-signature-nonce": "1a17ecd299bc7b0e856d609aaf19b7be", "x-acs-content-sha256": emptyHash,
			"x-acs-accesskey-id": "testak", "x-acs-security-token": "TOK/en+1==",
		},
		want: `"OnlineStatus":true`, wantClient: "x",
	},
	{
		name: "pop-core, everything in a form", date: "2026-11-22T08:41:08Z",
		form: setPairs(map[string]string{"InstanceId": "post-cn-x", "ClientIdList.1": "a b*~+/é中", "ClientIdList.2": "c"},
			append(v1Common("BatchQuerySessionByClientIds", "0408946db92c212fc118f23b6a63fa16", "2026-11-22T08:41:08Z",
				"5sgw2iUO92je0pYlxV529m6O63M="), "Format", "JSON")...),
		want: `"ClientId":"a b*~+/é中","OnlineStatus":true`, wantClient: "a b*~+/é中",
	},
}

// request returns the vector's request. It encodes the parameters with the given function.
func (v vector) request(encode func(map[string]string) string) *http.Request {
	r := httptest.NewRequest("POST", "/?"+encode(v.query), strings.NewReader(encode(v.form)))
	r.Host = "127.0.0.1:18080"
	if v.form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range v.header {
		r.Header.Set(name, value)
	}
	return r
}

// encodings holds functions that encode the same parameters in different ways.
var encodings = map[string]func(map[string]string) string{
	"sorted, spaces as +": func(p map[string]string) string {
		values := url.Values{}
		for name, value := range p {
			values.Set(name, value)
		}
		return values.Encode()
	},
	"sorted, spaces as %20": pairs,
	"reversed, bare * ( ) !": func(p map[string]string) string {
		return onWire(p)
	},
}

func TestVectors(t *testing.T) {
	for _, v := range vectors {
		for encoding, encode := range encodings {
			t.Run(v.name+" "+encoding, func(t *testing.T) {
				online := []bool{true}
				if v.form != nil {
					online = []bool{true, false}
				}
				backend := &canned{online: online}
				at, err := time.Parse(time.RFC3339, v.date)
				require.NoError(t, err)
				api, err := New(Config{Keys: keys, Now: func() time.Time { return at }, Backend: backend})
				require.NoError(t, err)
				got := serveTo(t, api, v.request(encode))
				require.Equal(t, http.StatusOK, got.status, got.body)
				require.Contains(t, got.body, v.want)
				if len(backend.asked) > 0 {
					require.Equal(t, v.wantClient, string(backend.asked[0].ClientID))
				} else {
					require.Equal(t, event.ClientID(v.wantClient), backend.askedClients[0])
				}
			})
		}
	}
}

// TestPublishedVector checks the example on the page v3-request-structure-and-signature of Alibaba
// Cloud's reference. The example is a request to another product, so the API must accept its
// signature but refuse its version.
func TestPublishedVector(t *testing.T) {
	at := time.Date(2023, 10, 26, 10, 22, 32, 0, time.UTC)
	api, err := New(Config{
		Keys: []Key{{"YourAccessKeyId", "YourAccessKeySecret", grant("*")}},
		Now:  func() time.Time { return at }, Backend: &canned{},
	})
	require.NoError(t, err)
	r := httptest.NewRequest("POST", "/?RegionId=cn-shanghai&ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd", nil)
	r.Host = "ecs.cn-shanghai.aliyuncs.com"
	for name, value := range map[string]string{
		"x-acs-action": "RunInstances", "x-acs-version": "2014-05-26", "x-acs-date": "2023-10-26T10:22:32Z",
		"x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d", "x-acs-content-sha256": emptyHash,
		"Authorization": "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;" +
			"x-acs-signature-nonce;x-acs-version,Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0",
	} {
		r.Header.Set(name, value)
	}
	requireError(t, serveTo(t, api, r), 400, "InvalidVersion", "Version must be 2020-04-20")
}

func TestEncode(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "AZaz09-_.~": "AZaz09-_.~", " ": "%20", "*": "%2A", "/": "%2F", "+": "%2B", "@": "%40", "=": "%3D", "&": "%26",
		"%": "%25", ":": "%3A", "!'()": "%21%27%28%29", "é中": "%C3%A9%E4%B8%AD", "\x00\n\x7f\xff": "%00%0A%7F%FF",
	} {
		require.Equal(t, want, encode(text))
	}
}

func TestCanonical(t *testing.T) {
	p := parameters{"b": "2", "a": "", "B": "x y", "é": "*", "a.10": "t", "a.2": "s"}
	require.Equal(t, "B=x%20y&a=&a.10=t&a.2=s&b=2&%C3%A9=%2A", p.canonical())
	require.Equal(t, "", parameters{}.canonical())
}
