package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"sync"
	"time"
)

// file is one file that the handler serves, with its headers and encodings.
type file struct {
	contentType  string
	cacheControl string
	plain        body
	compressed   func() body
}

// body is a file's content in one encoding, with the entity tag of the encoded content.
type body struct {
	content []byte
	tag     string
}

func newFile(name string, content []byte, cacheControl string) file {
	return file{
		contentType: contentType(name), cacheControl: cacheControl, plain: newBody(content),
		// Compress the file only when it is first requested. If it were compressed here, an
		// instance that starts for a single request would compress every file.
		compressed: sync.OnceValue(func() body { return newBody(compress(content)) }),
	}
}

func newBody(content []byte) body {
	digest := sha256.Sum256(content)
	return body{content, `"` + hex.EncodeToString(digest[:16]) + `"`}
}

func compress(content []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	must(w.Write(content))
	must(0, w.Close())
	return b.Bytes()
}

func (f file) serve(w http.ResponseWriter, r *http.Request) {
	b := f.plain
	if acceptsGzip(r) {
		b = f.compressed()
		w.Header().Set("Content-Encoding", "gzip")
	}
	w.Header().Set("Content-Type", f.contentType)
	w.Header().Set("Cache-Control", f.cacheControl)
	w.Header().Set("Vary", "Accept-Encoding")
	w.Header().Set("ETag", b.tag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b.content))
}

// acceptsGzip reports whether the request accepts gzip. It ignores all weights except zero,
// which means "not acceptable" (RFC 9110, 12.5.3).
func acceptsGzip(r *http.Request) bool {
	for option := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, weight, _ := strings.Cut(option, ";")
		if strings.TrimSpace(coding) == "gzip" {
			weight = strings.TrimSpace(weight)
			return weight == "" || strings.Trim(weight, "q=0.") != ""
		}
	}
	return false
}
