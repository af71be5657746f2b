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

// file is one file as it is served.
type file struct {
	contentType  string
	cacheControl string
	plain        body
	zip          func() body
}

// body is a file's content in one encoding, and its entity tag.
type body struct {
	content []byte
	tag     string
}

func newFile(name string, content []byte, cacheControl string) file {
	return file{
		contentType: contentType(name), cacheControl: cacheControl, plain: newBody(content),
		// An instance that starts for one request zips one file and not all.
		zip: sync.OnceValue(func() body { return newBody(zipped(content)) }),
	}
}

func newBody(content []byte) body {
	digest := sha256.Sum256(content)
	return body{content, `"` + hex.EncodeToString(digest[:16]) + `"`}
}

// zipped is always smaller: all files are texts.
func zipped(content []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	must(w.Write(content))
	must(0, w.Close())
	return b.Bytes()
}

func (f file) serve(w http.ResponseWriter, r *http.Request) {
	b := f.plain
	if acceptsGzip(r) {
		b = f.zip()
		w.Header().Set("Content-Encoding", "gzip")
	}
	w.Header().Set("Content-Type", f.contentType)
	w.Header().Set("Cache-Control", f.cacheControl)
	w.Header().Set("Vary", "Accept-Encoding")
	w.Header().Set("ETag", b.tag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b.content))
}

// acceptsGzip ignores weights but the one that means «no» (RFC 9110, 12.5.3).
func acceptsGzip(r *http.Request) bool {
	for one := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, weight, _ := strings.Cut(one, ";")
		if strings.TrimSpace(coding) == "gzip" {
			return strings.TrimSpace(weight) != "q=0"
		}
	}
	return false
}
