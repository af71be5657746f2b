package openapi

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
)

// The signing functions of this file share no code with the code under test.

// percent percent-encodes a string byte by byte, as both signature styles require.
func percent(text string) string {
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		if 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("-_.~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// pairs returns the percent-encoded parameters as "name=value", sorted by name and joined by "&".
func pairs(parameters map[string]string) string {
	var parts []string
	for _, name := range sortedNames(parameters) {
		parts = append(parts, percent(name)+"="+percent(parameters[name]))
	}
	return strings.Join(parts, "&")
}

// draft is a request before it is signed.
type draft struct {
	style, method, host string
	query, form         map[string]string
	header              map[string]string // for ACS3 only
}

// nonceCount counts the drafts, so that each draft can get a different nonce.
var nonceCount int

// acs3Draft returns an ACS3 request as the Go client sends it: a POST with all parameters in the
// query.
func acs3Draft(action string, parameters map[string]string) draft {
	nonceCount++
	return draft{
		style: "ACS3", method: "POST", host: "127.0.0.1:18080", query: parameters,
		header: map[string]string{
			"x-acs-action": action, "x-acs-version": "2020-04-20", "x-acs-date": "2026-11-22T08:40:01Z",
			"x-acs-signature-nonce": fmt.Sprintf("nonce-%d", nonceCount),
		},
	}
}

// v1Draft returns a v1 request: a POST with all parameters in the query.
func v1Draft(action string, parameters map[string]string) draft {
	nonceCount++
	query := map[string]string{
		"Action": action, "Version": "2020-04-20", "Format": "json", "SignatureMethod": "HMAC-SHA1", "SignatureVersion": "1.0",
		"SignatureNonce": fmt.Sprintf("nonce-%d", nonceCount), "Timestamp": "2026-11-22T08:40:01Z",
	}
	for name, value := range parameters {
		query[name] = value
	}
	return draft{style: "v1", method: "POST", host: "127.0.0.1:18080", query: query}
}

// inBody returns the draft with all its parameters in the body instead of the query.
func (d draft) inBody() draft {
	d.query, d.form = nil, d.query
	return d
}

func (d draft) withMethod(method string) draft {
	d.method = method
	return d
}

func (d draft) signed(id, secret string) *http.Request {
	if d.style == "v1" {
		return d.signedV1(id, secret)
	}
	return d.signedACS3(id, secret)
}

func (d draft) signedV1(id, secret string) *http.Request {
	signed, place := map[string]string{}, d.query
	if place == nil {
		place = d.form
	}
	place["AccessKeyId"] = id
	for _, some := range []map[string]string{d.query, d.form} {
		for name, value := range some {
			signed[name] = value
		}
	}
	mac := hmac.New(sha1.New, []byte(secret+"&"))
	mac.Write([]byte(d.method + "&%2F&" + percent(pairs(signed))))
	place["Signature"] = base64.StdEncoding.EncodeToString(mac.Sum(nil))
	return d.request()
}

func (d draft) signedACS3(id, secret string) *http.Request {
	d.header["host"] = d.host
	d.header["x-acs-content-sha256"] = fmt.Sprintf("%x", sha256.Sum256([]byte(pairs(d.form))))
	if d.form != nil {
		d.header["content-type"] = "application/x-www-form-urlencoded"
	}
	names := sortedNames(d.header)
	lines := []string{d.method, "/", pairs(d.query)}
	for _, name := range names {
		lines = append(lines, name+":"+d.header[name])
	}
	lines = append(lines, "", strings.Join(names, ";"), d.header["x-acs-content-sha256"])
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "ACS3-HMAC-SHA256\n%x", sha256.Sum256([]byte(strings.Join(lines, "\n"))))
	r := d.request()
	r.Header.Set("Authorization", fmt.Sprintf("ACS3-HMAC-SHA256 Credential=%s,SignedHeaders=%s,Signature=%x",
		id, strings.Join(names, ";"), mac.Sum(nil)))
	return r
}

// request returns the draft as an HTTP request. It encodes the parameters differently from the
// signed encoding: in reverse order, with "+" for a space, and with fewer percent-encoded
// characters. But it sends the form body of an ACS3 request exactly as it was signed, because the
// signature covers the hash of the body.
func (d draft) request() *http.Request {
	r := httptest.NewRequest(d.method, "/?"+onWire(d.query), strings.NewReader(onWire(d.form)))
	if d.style == "ACS3" && d.form != nil {
		r = httptest.NewRequest(d.method, "/?"+onWire(d.query), strings.NewReader(pairs(d.form)))
	}
	r.Host = d.host
	if d.form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range d.header {
		if name != "host" {
			r.Header.Set(name, value)
		}
	}
	return r
}

func onWire(parameters map[string]string) string {
	names := sortedNames(parameters)
	slices.Reverse(names)
	var parts []string
	for _, name := range names {
		value := strings.NewReplacer("%20", "+", "%2A", "*", "%28", "(", "%29", ")", "%21", "!").Replace(percent(parameters[name]))
		parts = append(parts, percent(name)+"="+value)
	}
	return strings.Join(parts, "&")
}
