package oss

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	algorithm       = "OSS4-HMAC-SHA256"
	terminator      = "aliyun_v4_request"
	unsignedPayload = "UNSIGNED-PAYLOAD"
	dayFormat       = "20060102"
	maxSkew         = 15 * time.Minute
)

// authenticate checks the version 4 signature of a request. It implements what the vendor's SDK for Go
// sends: the date in the Date header, and no additional signed headers.
func (s *Server) authenticate(r *http.Request, bucket, key string, query url.Values) error {
	auth, err := parseAuthorization(r.Header.Get("Authorization"))
	if err != nil {
		return err
	}
	date, day, err := s.checkDate(r)
	if err != nil {
		return err
	}
	if want := (scope{day, s.cfg.Region, "oss", terminator}); auth.scope != want {
		return refuse(http.StatusForbidden, "InvalidArgument", "The credential's scope is not "+want.String()+".")
	}
	secret, token, ok := s.cfg.Credentials(auth.accessKey)
	if !ok {
		return refuse(http.StatusForbidden, "InvalidAccessKeyId", "The OSS Access Key Id you provided does not exist in our records.")
	}
	request := canonicalRequest(r, bucket, key, query)
	if !equal(sign(secret, date, auth.scope, request), auth.signature) {
		return refuse(http.StatusForbidden, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.")
	}
	if !equal(r.Header.Get("X-Oss-Security-Token"), token) {
		return refuse(http.StatusForbidden, "InvalidSecurityToken", "The security token you provided is invalid.")
	}
	return nil
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// scope limits the use of a signing key.
type scope struct{ day, region, product, end string }

func (s scope) String() string { return strings.Join([]string{s.day, s.region, s.product, s.end}, "/") }

// authorization is a parsed Authorization header.
type authorization struct {
	accessKey string
	scope     scope
	signature string
}

// parseAuthorization parses "OSS4-HMAC-SHA256 Credential=<key>/<scope>,Signature=<hex>".
func parseAuthorization(header string) (authorization, error) {
	var auth authorization
	if header == "" {
		return auth, refuse(http.StatusForbidden, "AccessDenied", "Anonymous access is forbidden for this operation.")
	}
	fields, ok := strings.CutPrefix(header, algorithm+" ")
	if !ok {
		return auth, refuse(http.StatusForbidden, "AccessDenied", "Only signatures of version 4 are accepted.")
	}
	for field := range strings.SplitSeq(fields, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		switch name {
		case "Credential":
			auth.accessKey, auth.scope = splitCredential(value)
		case "Signature":
			auth.signature = value
		}
	}
	return auth, nil
}

func splitCredential(credential string) (string, scope) {
	parts := strings.Split(credential, "/")
	if len(parts) != 5 {
		return "", scope{}
	}
	return parts[0], scope{parts[1], parts[2], parts[3], parts[4]}
}

// checkDate returns the request's date as it was sent, and its day.
func (s *Server) checkDate(r *http.Request) (text, day string, err error) {
	text = r.Header.Get("Date")
	date, err := time.Parse(http.TimeFormat, text)
	if err != nil {
		return "", "", refuse(http.StatusForbidden, "AccessDenied", "The request has no valid date.")
	}
	if s.cfg.Now().Sub(date).Abs() > maxSkew {
		return "", "", refuse(http.StatusForbidden, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")
	}
	return text, date.Format(dayFormat), nil
}

// canonicalRequest returns the text whose digest is signed. Its empty field would list additional signed
// headers.
func canonicalRequest(r *http.Request, bucket, key string, query url.Values) string {
	return strings.Join([]string{
		r.Method,
		"/" + bucket + "/" + strings.ReplaceAll(escape(key), "%2F", "/"),
		canonicalQuery(query),
		canonicalHeaders(r.Header),
		"",
		unsignedPayload,
	}, "\n")
}

// escape returns s in the service's variant of percent encoding.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

func canonicalQuery(query url.Values) string {
	values := map[string]string{}
	for name := range query {
		values[escape(name)] = escape(query.Get(name))
	}
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		pair := name
		if values[name] != "" {
			pair += "=" + values[name]
		}
		pairs = append(pairs, pair)
	}
	return strings.Join(pairs, "&")
}

func canonicalHeaders(header http.Header) string {
	values := map[string]string{}
	for name := range header {
		if lower := strings.ToLower(name); isSigned(lower) {
			values[lower] = strings.TrimSpace(header.Get(name))
		}
	}
	var lines strings.Builder
	for _, name := range slices.Sorted(maps.Keys(values)) {
		lines.WriteString(name + ":" + values[name] + "\n")
	}
	return lines.String()
}

func isSigned(name string) bool {
	return name == "content-md5" || name == "content-type" || strings.HasPrefix(name, "x-oss-")
}

func sign(secret, date string, scope scope, request string) string {
	digest := sha256.Sum256([]byte(request))
	text := strings.Join([]string{algorithm, date, scope.String(), hex.EncodeToString(digest[:])}, "\n")
	key := []byte("aliyun_v4" + secret)
	for _, part := range []string{scope.day, scope.region, scope.product, scope.end} {
		key = mac(key, part)
	}
	return hex.EncodeToString(mac(key, text))
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
