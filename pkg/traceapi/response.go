package traceapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"devicetrace/pkg/query"
	"devicetrace/pkg/serve"
)

// response is a function that writes the result of an endpoint.
type response func(w http.ResponseWriter, r *http.Request)

// jsonResponse returns a response without an entity tag. Such a response must not be cached,
// because it may be outdated a moment later.
func jsonResponse(v any) response {
	return func(w http.ResponseWriter, _ *http.Request) { serve.JSON(w, http.StatusOK, v) }
}

// encodedResponse is like jsonResponse, but its body is encoded already.
func encodedResponse(body []byte) response {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		w.Write(body)
	}
}

// taggedResponse returns a response that contains the diagnosis d and the receipt. Its entity tag
// is computed from d alone, without the receipt. taggedResponse encodes d at once, so that the
// response does not keep the device's events in memory.
func taggedResponse(d diagnosisResponse, receipt query.Receipt) response {
	tag := tagOf(encode(d))
	d.Receipt = receipt
	body := encode(d)
	return func(w http.ResponseWriter, r *http.Request) {
		if notModified(w, r, tag) {
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write(body)
	}
}

func encode(v any) []byte {
	var b bytes.Buffer
	writeJSON(&b, v)
	b.WriteByte('\n')
	return b.Bytes()
}

// tagOf returns the entity tag for the given content. The tag is weak, because two responses with
// the same content may differ in their receipts.
func tagOf(content ...[]byte) string {
	sum := sha256.New()
	for _, part := range content {
		sum.Write(part)
	}
	return `W/"` + hex.EncodeToString(sum.Sum(nil)[:16]) + `"`
}

// notModified sets the ETag header. If the client already has the content with this tag,
// notModified also responds with 304 and returns true. It compares tags weakly, which means without
// their prefix W/ (RFC 9110, 13.1.2).
//
// notModified also makes clients revalidate cached responses. Any response can change later,
// because a recorder accepts late events unless they are older than its retention.
func notModified(w http.ResponseWriter, r *http.Request, tag string) bool {
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", "private, no-cache")
	w.Header().Set("Vary", "Authorization, Accept-Language")
	for known := range strings.SplitSeq(r.Header.Get("If-None-Match"), ",") {
		if known = strings.TrimSpace(known); known == "*" || withoutPrefix(known) == withoutPrefix(tag) {
			w.WriteHeader(http.StatusNotModified)
			return true
		}
	}
	return false
}

func withoutPrefix(tag string) string { return strings.TrimPrefix(tag, "W/") }

// instant formats a time for the API.
func instant(t time.Time) string { return t.UTC().Format(timeLayout) }

const timeLayout = "2006-01-02T15:04:05.000Z"
