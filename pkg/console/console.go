// Package console is the page of Device Trace: plain HTML, CSS and ES modules,
// embedded as they stand in page/.
//
// The page itself is at "/" and is asked for again each time. Its files are below
// "/console/<version>/", where version is a hash over all of them, so that they may
// be kept for good and never mix with those of another build. Everything comes from
// the page's own origin, and the headers let a browser load nothing else.
package console

import (
	"net/http"
	"path"
	"strings"
)

// prefix is where the files of the page are.
const prefix = "/console/"

// policy lets scripts and styles come from our origin alone, in files of their own,
// and forbids to make markup or scripts out of texts (Content Security Policy 3,
// Trusted Types).
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
	"img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types 'none'"

// Handler answers GET and HEAD of "/" and of what is below "/console/". It is safe
// for concurrent use. The page is for anyone: it holds no data, and asks the API with
// the token that its user gives.
func Handler() http.Handler {
	page := load(embedded)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secure(w.Header())
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "this path answers GET and HEAD only", http.StatusMethodNotAllowed)
			return
		}
		if f, found := page.find(r.URL.Path); found {
			f.serve(w, r)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "there is no such file", http.StatusNotFound)
	})
}

func secure(header http.Header) {
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// find is the file at a path of ours.
func (p page) find(urlPath string) (f file, found bool) {
	if urlPath == "/" {
		return p.index, true
	}
	dir, name := path.Split(urlPath)
	if dir != prefix+p.version+"/" {
		return file{}, false
	}
	f, found = p.files[name]
	return f, found
}

// contentTypes by a file's extension; there are no others.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".svg":  "image/svg+xml",
}

func contentType(name string) string { return contentTypes[strings.ToLower(path.Ext(name))] }
