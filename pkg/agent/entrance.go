package agent

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"

	"devicetrace/pkg/serve"
)

// maxBody is the maximum length of a request body in bytes. Sensible calls are much shorter, because a
// client identifier has at most 1,024 bytes.
const maxBody = 64 << 10

// entrance is the handler in front of the SDK. It refuses requests that the SDK should not parse:
// requests that are not POST, that have no valid token, that come from a web page of another site, or
// whose body is too long or contains several messages.
type entrance struct {
	tokens serve.Tokens
	next   http.Handler
}

func (e entrance) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		serve.NotAllowed(w, http.MethodPost)
		return
	}
	if _, found := e.tokens.Find(serve.BearerToken(r)); !found {
		serve.Unauthorized(w)
		return
	}
	if isForeign(r) {
		serve.Fail(w, http.StatusForbidden, "Forbidden", "the header Origin names another site: MCP clients in web pages must be served by this host")
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	switch {
	case len(body) > maxBody:
		serve.Fail(w, http.StatusRequestEntityTooLarge, "TooLarge", "the request is longer than 64 KiB")
	case err != nil:
		serve.Fail(w, http.StatusBadRequest, "InvalidRequest", "the request body could not be read")
	case isBatch(body):
		serve.Fail(w, http.StatusBadRequest, "InvalidRequest", "the body is a JSON-RPC batch: send each message in a request of its own")
	default:
		e.next.ServeHTTP(w, forSDK(r, body))
	}
}

// isForeign reports whether a web page of another site sent the request. The specification requires
// this check against DNS rebinding (MCP 2025-11-25, Transports, Security Warning). Since every
// request needs a token, which a web page does not have, the check is only a second defense.
//
// The SDK has its own check: on a loopback address, it accepts only loopback names in the header Host.
// That check is disabled, because it would refuse requests that a proxy on the same machine forwards.
func isForeign(r *http.Request) bool {
	text := r.Header.Get("Origin")
	if text == "" {
		return false
	}
	origin, err := url.Parse(text)
	return err != nil || !strings.EqualFold(origin.Host, r.Host)
}

// isBatch reports whether a body is a JSON array. A batch could contain hundreds of calls. Protocol
// versions since 2025-06-18 have no batches.
func isBatch(body []byte) bool { return bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("[")) }

// forSDK returns a copy of the request with the given body. In the copy, the header Accept allows all
// content types, because the SDK refuses clients that do not accept event streams, although it sends
// none here.
func forSDK(r *http.Request, body []byte) *http.Request {
	r = r.Clone(r.Context())
	r.Header.Set("Accept", "*/*")
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return r
}
