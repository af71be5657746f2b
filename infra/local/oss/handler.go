package oss

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"time"

	"devicetrace/pkg/objstore"
)

// ServeHTTP handles a request to the OSS API.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Server", "AliyunOSS")
	w.Header().Set("X-Oss-Request-Id", rand.Text())
	s.delay(r)
	if err := s.serve(w, r); err != nil {
		s.fail(w, r, err)
	}
}

// delay waits for the duration that Config.Delay returns, or until the client disconnects.
func (s *Server) delay(r *http.Request) {
	d := s.cfg.Delay()
	if d <= 0 {
		return
	}
	select {
	case <-time.After(d):
	case <-r.Context().Done():
	}
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) error {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return refuse(http.StatusBadRequest, "InvalidArgument", "The query cannot be parsed.")
	}
	// The key is used as it is, because it is not a path: "//" and ".." have no special meaning.
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if err := s.authenticate(r, bucket, key, query); err != nil {
		return err
	}
	if bucket != s.cfg.Bucket {
		return refuse(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist.")
	}
	if err := refuseUnknown(r.Header); err != nil {
		return err
	}
	if key == "" {
		return s.serveBucket(w, r, query)
	}
	return s.serveObject(w, r, key)
}

// refuseUnknown refuses headers that this package does not implement and that would change the
// meaning of a request.
func refuseUnknown(header http.Header) error {
	for name := range header {
		lower := strings.ToLower(name)
		if strings.HasPrefix(lower, "x-oss-meta-") || strings.HasPrefix(lower, "x-oss-copy-") ||
			lower == "x-oss-forbid-overwrite" || lower == "x-oss-tagging" || strings.HasPrefix(lower, "if-") {
			return notImplemented("The header " + name + " is not implemented here.")
		}
	}
	return nil
}

func (s *Server) serveObject(w http.ResponseWriter, r *http.Request, key string) error {
	if r.URL.RawQuery != "" {
		return notImplemented("No parameter of an object's request is implemented here.")
	}
	if err := checkKey(key); err != nil {
		return err
	}
	switch r.Method {
	case http.MethodPut:
		return s.putObject(w, r, key)
	case http.MethodGet:
		return s.getObject(w, r, key)
	}
	return notImplemented("This request for an object is not implemented here.")
}

// checkKey refuses invalid keys. Like every other store, it leaves the decision to
// objstore.CheckKey.
func checkKey(key string) error {
	if objstore.CheckKey(key) != nil {
		return refuse(http.StatusBadRequest, "InvalidObjectName", "The specified object is not valid.")
	}
	return nil
}

func (s *Server) serveBucket(w http.ResponseWriter, r *http.Request, query url.Values) error {
	switch {
	case r.Method == http.MethodPost && query.Has("delete"):
		return s.deleteObjects(w, r, query)
	case r.Method == http.MethodGet && query.Get("list-type") == "2":
		return s.listObjects(w, query)
	case r.Method == http.MethodGet && query.Has("worm"):
		return s.getRetention(w)
	}
	return notImplemented("This request to a bucket is not implemented here.")
}
