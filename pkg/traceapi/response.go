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

// taggedResponse returns a response that contains the diagnosis d and the receipt. Its entity tag
// is computed from d alone, without the receipt.
func taggedResponse(d diagnosisResponse, receipt query.Receipt) response {
	return func(w http.ResponseWriter, r *http.Request) {
		if notModified(w, r, encode(d)) {
			return
		}
		d.Receipt = receipt
		w.Header().Set("Content-Type", "application/json")
		w.Write(encode(d))
	}
}

func encode(v any) []byte {
	var b bytes.Buffer
	writeJSON(&b, v)
	b.WriteByte('\n')
	return b.Bytes()
}

// notModified sets the ETag header from the content. If the client already has that content,
// notModified also responds with 304 and returns true (RFC 9110, 13.1.2). The tag is weak, because
// two responses with the same content may differ in their receipts.
//
// notModified also makes clients revalidate cached responses. Any response can change later,
// because a recorder accepts late events unless they are older than its retention.
func notModified(w http.ResponseWriter, r *http.Request, content ...[]byte) bool {
	sum := sha256.New()
	for _, part := range content {
		sum.Write(part)
	}
	tag := `W/"` + hex.EncodeToString(sum.Sum(nil)[:16]) + `"`
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", "private, no-cache")
	w.Header().Set("Vary", "Authorization, Accept-Language")
	for known := range strings.SplitSeq(r.Header.Get("If-None-Match"), ",") {
		if known = strings.TrimSpace(known); known == tag || known == "*" {
			w.WriteHeader(http.StatusNotModified)
			return true
		}
	}
	return false
}

// instant formats a time for the API.
func instant(t time.Time) string { return t.UTC().Format(timeLayout) }

const timeLayout = "2006-01-02T15:04:05.000Z"
