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

// authenticate checks the version 4 signature of a request. It accepts only the form that the
// vendor's SDK for Go sends:
//
//   - The date is in the Date header.
//   - No additional headers are signed.
//   - The Authorization header is OSS4-HMAC-SHA256 Credential=<key>/<scope>,Signature=<hex>
func (s *Server) authenticate(r *http.Request, bucket, key string, query url.Values) error {
	credential, found := strings.CutPrefix(r.Header.Get("Authorization"), algorithm+" Credential=")
	if !found {
		return refuse(http.StatusForbidden, "AccessDenied", "Only signatures of version 4 are accepted.")
	}
	date, day, err := s.checkDate(r)
	if err != nil {
		return err
	}
	accessKey, rest, _ := strings.Cut(credential, "/")
	scope := strings.Join([]string{day, s.cfg.Region, "oss", terminator}, "/")
	signature, found := strings.CutPrefix(rest, scope+",Signature=")
	if !found {
		return refuse(http.StatusForbidden, "InvalidArgument", "The credential's scope is not "+scope+".")
	}
	secret, token, ok := s.cfg.Credentials(accessKey)
	if !ok {
		return refuse(http.StatusForbidden, "InvalidAccessKeyId", "The OSS Access Key Id you provided does not exist in our records.")
	}
	request := canonicalRequest(r, bucket, key, query)
	if !equal(sign(secret, date, scope, request), signature) {
		return refuse(http.StatusForbidden, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.")
	}
	if !equal(r.Header.Get("X-Oss-Security-Token"), token) {
		return refuse(http.StatusForbidden, "InvalidSecurityToken", "The security token you provided is invalid.")
	}
	return nil
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// checkDate returns the value of the Date header, and its day as it must appear in a signature's
// scope. It refuses a date that differs from the current time by more than maxSkew.
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

// canonicalRequest returns the canonical form of a request. The signature covers the digest of this
// form. Its second-to-last line lists the additional signed headers, and is always empty here.
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
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(query)) {
		pair := escape(name)
		if value := query.Get(name); value != "" {
			pair += "=" + escape(value)
		}
		pairs = append(pairs, pair)
	}
	return strings.Join(pairs, "&")
}

func canonicalHeaders(header http.Header) string {
	var lines strings.Builder
	for _, name := range slices.Sorted(maps.Keys(header)) {
		lower := strings.ToLower(name)
		if lower == "content-md5" || lower == "content-type" || strings.HasPrefix(lower, "x-oss-") {
			lines.WriteString(lower + ":" + strings.TrimSpace(header.Get(name)) + "\n")
		}
	}
	return lines.String()
}

func sign(secret, date, scope, request string) string {
	digest := sha256.Sum256([]byte(request))
	key := []byte("aliyun_v4" + secret)
	for part := range strings.SplitSeq(scope, "/") {
		key = mac(key, part)
	}
	text := strings.Join([]string{algorithm, date, scope, hex.EncodeToString(digest[:])}, "\n")
	return hex.EncodeToString(mac(key, text))
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
