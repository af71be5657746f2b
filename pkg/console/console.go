// Package console serves the page of Device Trace. The page is plain HTML, CSS and ES modules,
// embedded from page/ without a build step.
//
// The page itself is at "/", and browsers revalidate it on each visit. The files that it loads are
// below "/console/<version>/". The version is a hash of all files, so the paths change whenever a
// file changes. Therefore browsers may cache these files for good, and files from different builds
// never mix. All files come from the page's own origin, and the headers keep browsers from loading
// anything else.
package console

import (
	"net/http"
	"path"
	"strings"
)

// prefix is the start of the path of every file that the page loads.
const prefix = "/console/"

// policy restricts scripts and styles to files from our origin (Content Security Policy 3). It also
// forbids turning text into markup or scripts (Trusted Types).
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
	"img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types 'none'"

// Handler serves GET and HEAD requests for "/" and everything below "/console/". It is safe for
// concurrent use. The page contains no data, so it needs no authentication. It gets all data from
// the API with the user's token.
func Handler() http.Handler {
	site := load(embedded)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secure(w.Header())
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "this path accepts only GET and HEAD", http.StatusMethodNotAllowed)
			return
		}
		if f, found := site.find(r.URL.Path); found {
			f.serve(w, r)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "the page has no such file", http.StatusNotFound)
	})
}

func secure(header http.Header) {
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// find returns the file for a URL's path, and whether there is one.
func (s site) find(urlPath string) (f file, found bool) {
	if urlPath == "/" {
		return s.index, true
	}
	dir, name := path.Split(urlPath)
	if dir != prefix+s.version+"/" {
		return file{}, false
	}
	f, found = s.files[name]
	return f, found
}

// contentTypes maps every file extension in page/ to its content type.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".svg":  "image/svg+xml",
}

func contentType(name string) string { return contentTypes[strings.ToLower(path.Ext(name))] }
