package openapi

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// copyOf returns a deep copy of r with the given body.
func copyOf(r *http.Request, body string) *http.Request {
	c := httptest.NewRequest(r.Method, "/", strings.NewReader(body))
	c.Host, c.Header, c.URL.RawQuery = r.Host, r.Header.Clone(), r.URL.RawQuery
	return c
}

// changes returns altered copies of the encoded parameters, each with one change. Each key of the
// map says what was changed.
func changes(encoded string) map[string]string {
	changed := map[string]string{}
	alter := func(name string, change func(values url.Values)) {
		values, err := url.ParseQuery(encoded)
		if err != nil {
			panic(err)
		}
		change(values)
		changed[name] = values.Encode()
	}
	values, _ := url.ParseQuery(encoded)
	for name := range values {
		alter("value of "+name, func(v url.Values) { v.Set(name, v.Get(name)+"1") })
		alter("without "+name, func(v url.Values) { v.Del(name) })
		alter("name of "+name, func(v url.Values) { v.Set(name+"1", v.Get(name)); v.Del(name) })
	}
	alter("one more", func(v url.Values) { v.Set("More", "") })
	alter("no name", func(v url.Values) { v.Set("", "x") })
	return changed
}

// mutations returns altered copies of a signed request. Each copy differs from the original in one
// thing that the signature covers.
func mutations(r *http.Request, body string) map[string]*http.Request {
	mutated := map[string]*http.Request{}
	method := copyOf(r, body)
	method.Method = map[string]string{"GET": "POST", "POST": "GET"}[r.Method]
	mutated["method"] = method
	for what, query := range changes(r.URL.RawQuery) {
		mutated["query: "+what] = copyOf(r, body)
		mutated["query: "+what].URL.RawQuery = query
	}
	if body == "" {
		return mutated
	}
	for what, form := range changes(body) {
		mutated["form: "+what] = copyOf(r, form)
	}
	return mutated
}

// acs3Mutations returns altered copies of an ACS3 request: those from mutations, and others with a
// different host, body, header or signature.
func acs3Mutations(r *http.Request, body string) map[string]*http.Request {
	mutated := mutations(r, body)
	change := func(what string, do func(c *http.Request)) {
		mutated[what] = copyOf(r, body)
		do(mutated[what])
	}
	change("host", func(c *http.Request) { c.Host = "127.0.0.1:18081" })
	change("host without port", func(c *http.Request) { c.Host = "127.0.0.1" })
	change("body", func(c *http.Request) { c.Body = io.NopCloser(strings.NewReader(body + "&")) })
	for name := range r.Header {
		if name == "Authorization" {
			continue
		}
		change("header "+name, func(c *http.Request) { c.Header.Set(name, c.Header.Get(name)+"1") })
		change("second "+name, func(c *http.Request) { c.Header.Add(name, "1") })
		change("without "+name, func(c *http.Request) { c.Header.Del(name) })
	}
	authorization := r.Header.Get("Authorization")
	for what, pair := range map[string][2]string{
		"another key":          {"Credential=testak", "Credential=otherak"},
		"order of headers":     {"x-acs-date;x-acs-signature-nonce", "x-acs-signature-nonce;x-acs-date"},
		"one header more":      {"SignedHeaders=", "SignedHeaders=accept;"},
		"signature upper case": {authorization[len(authorization)-64:], strings.ToUpper(authorization[len(authorization)-64:])},
		"signature longer":     {"Signature=", "Signature=0"},
	} {
		change(what, func(c *http.Request) {
			c.Header.Set("Authorization", strings.Replace(authorization, pair[0], pair[1], 1))
		})
	}
	for i := len(authorization) - 64; i < len(authorization); i++ {
		other := "0"
		if authorization[i] == '0' {
			other = "1"
		}
		change("signature", func(c *http.Request) { c.Header.Set("Authorization", authorization[:i]+other+authorization[i+1:]) })
	}
	return mutated
}

// TestEverySignedPieceCounts checks that a signed request is accepted, and that it is refused if
// anything that the signature covers has been changed.
func TestEverySignedPieceCounts(t *testing.T) {
	for name, d := range map[string]draft{
		"ACS3 query": acs3Draft("QueryMqttTraceDevice", setPairs(dayParameters(), "Reverse", "true")),
		"ACS3 GET":   acs3Draft("QueryMqttTraceDevice", dayParameters()).withMethod("GET"),
		"ACS3 form":  acs3Draft("QueryMqttTraceDevice", dayParameters()).inBody(),
		"v1 query":   v1Draft("QueryMqttTraceDevice", dayParameters()),
		"v1 GET":     v1Draft("QueryMqttTraceDevice", dayParameters()).withMethod("GET"),
		"v1 form":    v1Draft("QueryMqttTraceDevice", dayParameters()).inBody(),
	} {
		r := d.signed("testak", "testsk")
		read, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		body := string(read)
		mutated := mutations(r, body)
		if d.style == "ACS3" {
			mutated = acs3Mutations(r, body)
		}
		require.Greater(t, len(mutated), 25)
		backend := &canned{}
		api := newAPI(t, backend)
		for what, m := range mutated {
			got := serveTo(t, api, m)
			require.GreaterOrEqual(t, got.status, 400, "%s: %s", name, what)
			require.Less(t, got.status, 500, "%s: %s", name, what)
			require.Empty(t, backend.asked, "%s: %s", name, what)
		}
		require.Equal(t, http.StatusOK, serveTo(t, api, copyOf(r, body)).status, name)
	}
}
