package openapi

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func FuzzAuthorization(f *testing.F) {
	f.Add("ACS3-HMAC-SHA256 Credential=testak,SignedHeaders=" + goodList + ",Signature=b4a7")
	f.Add("ACS3-HMAC-SHA256 Credential=a, SignedHeaders=" + goodList + ";accept, Signature=b==")
	f.Add("ACS3-HMAC-SHA256 ,,=;;=")
	f.Fuzz(func(t *testing.T, header string) {
		a, err := parseAuthorization(header)
		if err != nil {
			require.IsType(t, apiError{}, err)
			return
		}
		require.NotEmpty(t, a.credential)
		require.NotEmpty(t, a.signature)
		require.Subset(t, a.signedHeaders, alwaysSigned)
		reparsed, err := parseAuthorization(acs3 + " Signature=" + a.signature + ",Credential=" + a.credential +
			",SignedHeaders=" + strings.Join(a.signedHeaders, ";"))
		require.NoError(t, err)
		require.Equal(t, a, reparsed)
	})
}

// FuzzParameters checks that the canonical form of parsed parameters parses to the same
// parameters.
func FuzzParameters(f *testing.F) {
	for _, v := range vectors {
		f.Add(pairs(v.query))
		f.Add(onWire(v.form))
	}
	f.Add("a&=b&c=%")
	f.Add("a=1&a=2")
	f.Add(strings.Repeat("&", 200))
	f.Fuzz(func(t *testing.T, encoded string) {
		p, err := parseParameters(encoded)
		if err != nil {
			require.IsType(t, apiError{}, err)
			return
		}
		require.LessOrEqual(t, len(p), maxParameters)
		canonical := p.canonical()
		require.LessOrEqual(t, len(canonical), 3*len(encoded)+maxParameters)
		require.Equal(t, pairs(p), canonical)
		reparsed, err := parseParameters(canonical)
		require.NoError(t, err)
		require.Equal(t, p, reparsed)
	})
}

func FuzzKeys(f *testing.F) {
	f.Add("local:local-secret=*")
	f.Add("a:s=x,y;b:t==z; ;:=,")
	f.Fuzz(func(t *testing.T, text string) {
		keys, err := ParseKeys(text)
		if err != nil {
			require.Nil(t, keys)
			return
		}
		var entries []string
		for _, key := range keys {
			require.NotEmpty(t, key.AccessKeyID)
			require.NotEmpty(t, key.Secret)
			require.NotEmpty(t, key.Grant)
			entries = append(entries, key.AccessKeyID+":"+key.Secret+"="+key.Grant.String())
		}
		reparsed, err := ParseKeys(strings.Join(entries, ";"))
		require.NoError(t, err)
		require.Equal(t, keys, reparsed)
	})
}

// FuzzServe checks that every response has the API's form, and that no request to the backend
// exceeds the API's limits.
func FuzzServe(f *testing.F) {
	for _, d := range []draft{
		acs3Draft("QueryMqttTraceDevice", dayParameters()), v1Draft("QueryMqttTraceDevice", dayParameters()),
		v1Draft("BatchQuerySessionByClientIds", batchParameters("1")).inBody(), v1Draft("QuerySessionByClientId", sessionParameters()).withMethod("GET"),
	} {
		r := d.signed("testak", "testsk")
		f.Add(r.Method, r.URL.RawQuery, r.Header.Get("Authorization"), r.Header.Get("x-acs-action"), onWire(d.form))
	}
	f.Fuzz(func(t *testing.T, method, query, authorization, action, body string) {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Method, r.URL = method, &url.URL{Path: "/", RawQuery: query}
		for name, value := range map[string]string{
			"Authorization": authorization, "Content-Type": "application/x-www-form-urlencoded", "x-acs-action": action,
			"x-acs-version": version, "x-acs-date": "2026-11-22T08:40:01Z", "x-acs-signature-nonce": "n", "x-acs-content-sha256": hexSHA256([]byte(body)),
		} {
			r.Header.Set(name, value)
		}
		backend := &canned{online: []bool{true}}
		got := backend.do(t, r)
		require.True(t, json.Valid([]byte(got.body)))
		require.Contains(t, []int{200, 400, 404, 405, 413, 500}, got.status)
		for _, q := range backend.asked {
			require.True(t, keys[0].Grant.Allows(q.InstanceID))
			require.NotEmpty(t, q.ClientID)
			require.False(t, q.From.After(q.To))
			require.LessOrEqual(t, q.To.Sub(q.From), maxSpan)
			require.GreaterOrEqual(t, q.Offset, 0)
			require.Positive(t, q.Limit)
			require.LessOrEqual(t, q.Limit, maxPage)
		}
	})
}

// FuzzCheckedParameters checks that all accepted parameters are within the API's limits. It calls
// the parsers directly, so its inputs need no signature.
func FuzzCheckedParameters(f *testing.F) {
	f.Add(pairs(dayParameters()))
	f.Add(pairs(batchParameters("1", "2")))
	f.Add("ClientId=c&BeginTime=-1&EndTime=253402300799999&CurrentPage=2147483647&PageSize=100&Reverse=TRUE")
	f.Fuzz(func(t *testing.T, encoded string) {
		p, err := parseParameters(encoded)
		if err != nil {
			return
		}
		if page, q, err := parseTrace("i", p); err == nil {
			require.Equal(t, int(page-1)*q.Limit, q.Offset)
			require.LessOrEqual(t, q.To.Sub(q.From), maxSpan)
		} else {
			require.IsType(t, apiError{}, err)
		}
		if ids, err := p.clientIDs(maxBatch); err == nil {
			require.LessOrEqual(t, len(ids), maxBatch)
			require.NotContains(t, ids, "")
		} else {
			require.IsType(t, apiError{}, err)
		}
	})
}
