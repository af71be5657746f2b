package fc

import (
	"encoding/base64"
	"encoding/json"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// httpEvent is an HTTP request in the form that built-in runtimes give to functions,
// version "v1". Repeated headers and parameters are joined by commas.
type httpEvent struct {
	Version         string            `json:"version"`
	RawPath         string            `json:"rawPath"` // percent-encoded
	Body            string            `json:"body"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
	Headers         map[string]string `json:"headers"`
	QueryParameters map[string]string `json:"queryParameters"`
	RequestContext  requestContext    `json:"requestContext"`
}

type requestContext struct {
	AccountID    string      `json:"accountId"`
	DomainName   string      `json:"domainName"`
	DomainPrefix string      `json:"domainPrefix"`
	HTTP         httpContext `json:"http"`
	RequestID    string      `json:"requestId"`
	Time         string      `json:"time"`      // RFC 3339
	TimeEpoch    string      `json:"timeEpoch"` // ms
	TriggerID    string      `json:"triggerId"`
}

type httpContext struct {
	Method    string `json:"method"`
	Path      string `json:"path"` // decoded
	Protocol  string `json:"protocol"`
	SourceIP  string `json:"sourceIp"`
	UserAgent string `json:"userAgent"`
}

func newHTTPEvent(r *http.Request, body []byte, requestID, triggerID string) httpEvent {
	now := time.Now().UTC()
	sourceIP, _, _ := net.SplitHostPort(r.RemoteAddr)
	prefix, _, _ := strings.Cut(r.Host, ".")
	event := httpEvent{
		Version:         "v1",
		RawPath:         r.URL.EscapedPath(),
		Headers:         joinHeaders(r),
		QueryParameters: joinQuery(r.URL.Query()),
		RequestContext: requestContext{
			AccountID: accountID, DomainName: r.Host, DomainPrefix: prefix, RequestID: requestID, TriggerID: triggerID,
			Time: now.Format(time.RFC3339), TimeEpoch: strconv.FormatInt(now.UnixMilli(), 10),
			HTTP: httpContext{Method: r.Method, Path: r.URL.Path, Protocol: r.Proto, SourceIP: sourceIP, UserAgent: r.UserAgent()},
		},
	}
	event.setBody(body, r.Header)
	return event
}

// setBody keeps a body as text only if its content type and its bytes allow it.
func (e *httpEvent) setBody(body []byte, header http.Header) {
	if isText(header) && utf8.Valid(body) {
		e.Body = string(body)
		return
	}
	e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
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

// joinHeaders leaves out the headers that the platform does not deliver.
func joinHeaders(r *http.Request) map[string]string {
	joined := map[string]string{"Host": r.Host}
	for name, values := range r.Header {
		if name == "Connection" || name == "Keep-Alive" || strings.HasPrefix(name, "X-Fc-") {
			continue
		}
		joined[name] = strings.Join(values, ",")
	}
	return joined
}

func joinQuery(query url.Values) map[string]string {
	joined := map[string]string{}
	for name, values := range query {
		joined[name] = strings.Join(values, ",")
	}
	return joined
}

func (e httpEvent) encode() []byte {
	payload, err := json.Marshal(e)
	if err != nil {
		panic(err) // strings, a flag and maps of strings always have a JSON form
	}
	return payload
}
