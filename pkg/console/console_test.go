package console

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var handler = Handler()

// send sends a request to the handler. headers holds alternating names and values.
func send(t *testing.T, method, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

var reference = regexp.MustCompile(`(?:src|href)="([^"#]+)"`)

// references returns the paths of the files that the page refers to.
func references(t *testing.T) (paths []string) {
	t.Helper()
	for _, match := range reference.FindAllStringSubmatch(send(t, "GET", "/").Body.String(), -1) {
		if match[1] != "/" {
			paths = append(paths, match[1])
		}
	}
	require.NotEmpty(t, paths)
	return paths
}

// script returns the path of app.js, the module from which the page imports the others.
func script(t *testing.T) string {
	t.Helper()
	for _, p := range references(t) {
		if path.Base(p) == "app.js" {
			return p
		}
	}
	require.Fail(t, "the page does not contain app.js")
	return ""
}

func requireSecure(t *testing.T, header http.Header) {
	t.Helper()
	require.Equal(t, "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "+
		"img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "+
		"require-trusted-types-for 'script'; trusted-types 'none'", header.Get("Content-Security-Policy"))
	require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"))
	require.Equal(t, "no-referrer", header.Get("Referrer-Policy"))
	require.Equal(t, "same-origin", header.Get("Cross-Origin-Resource-Policy"))
}

func TestIndex(t *testing.T) {
	for _, path := range []string{"/", "/?instance=a&client=b"} {
		w := send(t, "GET", path)
		require.Equal(t, http.StatusOK, w.Code)
		require.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"))
		require.Equal(t, "no-cache", w.Header().Get("Cache-Control"))
		require.True(t, strings.HasPrefix(w.Body.String(), "<!doctype html>"))
		requireSecure(t, w.Header())
	}
}

func TestFiles(t *testing.T) {
	types := map[string]string{
		".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
	}
	for _, p := range references(t) {
		w := send(t, "GET", p)
		require.Equal(t, http.StatusOK, w.Code, p)
		require.Equal(t, types[path.Ext(p)], w.Header().Get("Content-Type"), p)
		require.Equal(t, "public, max-age=31536000, immutable", w.Header().Get("Cache-Control"), p)
		require.NotZero(t, w.Body.Len(), p)
		requireSecure(t, w.Header())
	}
}

func TestUnknownPaths(t *testing.T) {
	dir := path.Dir(script(t))
	for _, p := range []string{
		"/index.html", "/console", "/console/", "/console/app.js", dir, dir + "/", dir + "/none.js",
		dir + "/index.html", dir + "/../app.js", dir + "/x/app.js", "/console/0000000000000000/app.js", "/api/v1/trace",
	} {
		w := send(t, "GET", p)
		require.Equal(t, http.StatusNotFound, w.Code, p)
		require.Equal(t, "no-store", w.Header().Get("Cache-Control"), p)
		requireSecure(t, w.Header())
	}
}

func TestMethods(t *testing.T) {
	for _, p := range []string{"/", script(t), "/console/none"} {
		for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS"} {
			w := send(t, method, p)
			require.Equal(t, http.StatusMethodNotAllowed, w.Code, p)
			require.Equal(t, "GET, HEAD", w.Header().Get("Allow"), p)
		}
	}
	for _, p := range []string{"/", script(t)} {
		head, full := send(t, "HEAD", p), send(t, "GET", p)
		require.Equal(t, http.StatusOK, head.Code)
		require.Zero(t, head.Body.Len())
		require.Equal(t, full.Header(), head.Header())
	}
}

func TestEntityTags(t *testing.T) {
	tags := map[string]bool{}
	for _, p := range []string{"/", script(t)} {
		for _, encoding := range []string{"identity", "gzip"} {
			tag := send(t, "GET", p, "Accept-Encoding", encoding).Header().Get("ETag")
			require.Regexp(t, `^"[0-9a-f]{32}"$`, tag)
			require.False(t, tags[tag], "each content must have its own entity tag")
			tags[tag] = true

			again := send(t, "GET", p, "Accept-Encoding", encoding, "If-None-Match", `"other", `+tag)
			require.Equal(t, http.StatusNotModified, again.Code)
			require.Zero(t, again.Body.Len())
			require.Equal(t, tag, again.Header().Get("ETag"))
			requireSecure(t, again.Header())
			require.Equal(t, http.StatusOK, send(t, "GET", p, "Accept-Encoding", encoding, "If-None-Match", `"other"`).Code)
		}
	}
}

func TestEncodings(t *testing.T) {
	plain := send(t, "GET", script(t))
	require.Empty(t, plain.Header().Get("Content-Encoding"))
	for acceptEncoding, want := range map[string]string{
		"gzip": "gzip", "br, gzip;q=0.5": "gzip", "deflate,gzip": "gzip", "gzip;q=0": "", "gzip; q=0.000": "", "br": "", "": "",
	} {
		w := send(t, "GET", script(t), "Accept-Encoding", acceptEncoding)
		require.Equal(t, want, w.Header().Get("Content-Encoding"), acceptEncoding)
		require.Equal(t, "Accept-Encoding", w.Header().Get("Vary"))
	}
	compressed := send(t, "GET", script(t), "Accept-Encoding", "gzip")
	require.Less(t, compressed.Body.Len(), plain.Body.Len())
	reader, err := gzip.NewReader(compressed.Body)
	require.NoError(t, err)
	content, err := io.ReadAll(reader)
	require.NoError(t, err)
	require.Equal(t, plain.Body.String(), string(content))
}
