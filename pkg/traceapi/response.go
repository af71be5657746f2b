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

// answer writes what an endpoint found.
type answer func(w http.ResponseWriter, r *http.Request)

// jsonResponse is an answer that is of its instant and not to be kept.
func jsonResponse(v any) answer {
	return func(w http.ResponseWriter, _ *http.Request) { serve.JSON(w, http.StatusOK, v) }
}

// taggedResponse has an entity tag, of all but its receipt.
func taggedResponse(d diagnosisResponse, receipt query.Receipt) answer {
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

// notModified sets the entity tag of an answer's content and answers 304 if the one
// who asks has it already (RFC 9110, 13.1.2). The tag is weak: two answers of the
// same content tell different costs.
//
// No answer may be kept without asking again: a recorder takes events as old as its
// retention, and what was acknowledged is in the next answer.
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

// instant is a time as the API writes it.
func instant(t time.Time) string { return t.UTC().Format(timeLayout) }

const timeLayout = "2006-01-02T15:04:05.000Z"
