package fc

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"mime"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// httpEvent encodes an HTTP request as an event of format version v1, the form in which built-in
// runtimes pass requests to a function. Repeated headers and parameters are joined with commas. The
// body is text if its content type is textual, it has no content encoding, and its bytes are valid
// UTF-8. Otherwise, the body is encoded in base64.
func httpEvent(r *http.Request, body []byte, requestID, triggerID string) []byte {
	now := time.Now().UTC()
	sourceIP, _, _ := net.SplitHostPort(r.RemoteAddr)
	prefix, _, _ := strings.Cut(r.Host, ".")
	text, binary := string(body), !isText(r.Header) || !utf8.Valid(body)
	if binary {
		text = base64.StdEncoding.EncodeToString(body)
	}
	return mustEncode(map[string]any{
		"version":         "v1",
		"rawPath":         r.URL.EscapedPath(),
		"body":            text,
		"isBase64Encoded": binary,
		"headers":         joinHeaders(r),
		"queryParameters": joinValues(r.URL.Query()),
		"requestContext": map[string]any{
			"accountId": accountID, "requestId": requestID, "triggerId": triggerID,
			"domainName": r.Host, "domainPrefix": prefix,
			"time": now.Format(time.RFC3339), "timeEpoch": strconv.FormatInt(now.UnixMilli(), 10),
			"http": map[string]string{
				"method": r.Method, "path": r.URL.Path, "protocol": r.Proto,
				"sourceIp": sourceIP, "userAgent": r.UserAgent(),
			},
		},
	})
}

// mustEncode returns a payload as JSON. It panics if the payload cannot be encoded, which
// does not happen with the payloads of this package.
func mustEncode(payload any) []byte {
	encoded, err := json.Marshal(payload)
	if err != nil {
		panic(err)
	}
	return encoded
}

func isText(header http.Header) bool {
	if header.Get("Content-Encoding") != "" {
		return false
	}
	kind, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		return false
	}
	return strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "json") ||
		strings.HasSuffix(kind, "xml") || kind == "application/x-www-form-urlencoded"
}

func joinHeaders(r *http.Request) map[string]string {
	joined := joinValues(delivered(r.Header))
	joined["Host"] = r.Host
	return joined
}

// delivered returns the request headers that the platform passes on to a function.
func delivered(header http.Header) http.Header {
	header = header.Clone()
	maps.DeleteFunc(header, func(name string, _ []string) bool {
		return name == "Connection" || name == "Keep-Alive" || strings.HasPrefix(name, "X-Fc-")
	})
	return header
}

func joinValues(values map[string][]string) map[string]string {
	joined := map[string]string{}
	for name, repeated := range values {
		joined[name] = strings.Join(repeated, ",")
	}
	return joined
}
