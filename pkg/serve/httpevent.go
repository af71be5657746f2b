package serve

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// httpEvent is an HTTP request in the runtime API's format "v1". Repeated headers and
// parameters arrive as one value, joined by commas.
type httpEvent struct {
	RawPath         string            `json:"rawPath"` // percent-encoded
	Headers         map[string]string `json:"headers"` // names may be in upper or lower case
	QueryParameters map[string]string `json:"queryParameters"`
	Body            string            `json:"body"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
	RequestContext  struct {
		DomainName string `json:"domainName"`
		HTTP       struct {
			Method   string `json:"method"`
			Path     string `json:"path"` // decoded
			SourceIP string `json:"sourceIp"`
		} `json:"http"`
	} `json:"requestContext"`
}

// runtimeResponse is the response to an httpEvent. Each header has a single value, and every
// field is required.
type runtimeResponse struct {
	StatusCode      int               `json:"statusCode"`
	Headers         map[string]string `json:"headers"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
	Body            string            `json:"body"`
}

// isHTTPEvent reports whether a payload is an HTTP request, that is, a JSON object whose
// requestContext.http is itself an object.
func isHTTPEvent(payload []byte) bool {
	var shape struct {
		RequestContext struct {
			HTTP map[string]json.RawMessage `json:"http"`
		} `json:"requestContext"`
	}
	err := json.Unmarshal(payload, &shape)
	return err == nil && shape.RequestContext.HTTP != nil
}

// httpRequest converts an HTTP event into a request.
func httpRequest(ctx context.Context, payload []byte) (*http.Request, error) {
	var e httpEvent
	if err := json.Unmarshal(payload, &e); err != nil {
		return nil, fmt.Errorf("decode HTTP event: %w", err)
	}
	target, err := e.url()
	if err != nil {
		return nil, fmt.Errorf("decode path of HTTP event: %w", err)
	}
	body, err := e.body()
	if err != nil {
		return nil, fmt.Errorf("decode body of HTTP event: %w", err)
	}
	header := e.header()
	r := &http.Request{
		Method:        e.method(),
		URL:           target,
		RequestURI:    target.RequestURI(),
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        header,
		Host:          e.host(header),
		RemoteAddr:    net.JoinHostPort(e.RequestContext.HTTP.SourceIP, "0"),
		Body:          io.NopCloser(bytes.NewReader(body)),
		ContentLength: int64(len(body)),
	}
	return r.WithContext(ctx), nil
}

func (e *httpEvent) method() string {
	if e.RequestContext.HTTP.Method == "" {
		return http.MethodGet
	}
	return strings.ToUpper(e.RequestContext.HTTP.Method)
}

func (e *httpEvent) host(header http.Header) string {
	if host := header.Get("Host"); host != "" {
		return host
	}
	return e.RequestContext.DomainName
}

func (e *httpEvent) url() (*url.URL, error) {
	target := &url.URL{Path: e.RequestContext.HTTP.Path}
	if e.RawPath != "" {
		path, err := url.PathUnescape(e.RawPath)
		if err != nil {
			return nil, err
		}
		target.Path, target.RawPath = path, e.RawPath
	}
	if !strings.HasPrefix(target.Path, "/") {
		target.Path, target.RawPath = "/"+target.Path, ""
	}
	query := url.Values{}
	for name, value := range e.QueryParameters {
		query.Set(name, value)
	}
	target.RawQuery = query.Encode()
	return target, nil
}

func (e *httpEvent) header() http.Header {
	header := http.Header{}
	for name, value := range e.Headers {
		header.Set(name, value)
	}
	return header
}

func (e *httpEvent) body() ([]byte, error) {
	if e.IsBase64Encoded {
		return base64.StdEncoding.DecodeString(e.Body)
	}
	return []byte(e.Body), nil
}

// runtimeResponse finishes a response that has no client, and converts it for the runtime API. If
// the body is not UTF-8, it is encoded in base64, because a JSON string would change it.
func (resp *response) runtimeResponse() runtimeResponse {
	resp.finish()
	converted := runtimeResponse{StatusCode: resp.status, Headers: map[string]string{}}
	for name, values := range resp.header {
		converted.Headers[name] = strings.Join(values, ", ")
	}
	if body := resp.body.Bytes(); utf8.Valid(body) {
		converted.Body = string(body)
	} else {
		converted.IsBase64Encoded, converted.Body = true, base64.StdEncoding.EncodeToString(body)
	}
	return converted
}
