package oss

import (
	"crypto/rand"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// ServeHTTP answers one request of the service's API.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Server", "AliyunOSS")
	w.Header().Set("X-Oss-Request-Id", rand.Text())
	s.delay(r)
	if err := s.serve(w, r); err != nil {
		s.fail(w, r, err)
	}
}

func (s *Server) delay(r *http.Request) {
	d := s.cfg.Delay()
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	}
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) error {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return invalid("the query cannot be parsed")
	}
	bucket, key := s.address(r)
	if err := s.authenticate(r, bucket, key, query); err != nil {
		return err
	}
	if bucket != s.cfg.Bucket {
		return answer(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist.")
	}
	if err := refuseUnknown(r); err != nil {
		return err
	}
	if key == "" {
		return s.serveBucket(w, r, query)
	}
	return s.serveObject(w, r, key)
}

// address splits a request's host and path into bucket and key. The path is
// decoded, never tidied.
func (s *Server) address(r *http.Request) (bucket, key string) {
	path := strings.TrimPrefix(r.URL.Path, "/")
	if strings.HasPrefix(host(r), s.cfg.Bucket+".") {
		return s.cfg.Bucket, path
	}
	bucket, key, _ = strings.Cut(path, "/")
	return bucket, key
}

func host(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.Host); err == nil {
		return host
	}
	return r.Host
}

// refuseUnknown refuses what would change the meaning of a request if ignored.
func refuseUnknown(r *http.Request) error {
	for name := range r.Header {
		lower := strings.ToLower(name)
		unknown := strings.HasPrefix(lower, "x-oss-meta-") || strings.HasPrefix(lower, "x-oss-copy-") ||
			lower == "x-oss-forbid-overwrite" || lower == "x-oss-tagging" || lower == "if-none-match" ||
			lower == "if-modified-since" || lower == "if-unmodified-since" ||
			lower == "if-match" && r.Method != http.MethodGet && r.Method != http.MethodHead
		if unknown {
			return notImplemented("The header " + name + " is not implemented here.")
		}
	}
	return nil
}

func (s *Server) serveObject(w http.ResponseWriter, r *http.Request, key string) error {
	if len(r.URL.RawQuery) > 0 && r.URL.RawQuery != "objectMeta" {
		return notImplemented("No parameter of an object's request is implemented here.")
	}
	if err := checkKey(key); err != nil {
		return err
	}
	switch r.Method {
	case http.MethodPut:
		return s.putObject(w, r, key)
	case http.MethodGet, http.MethodHead:
		return s.getObject(w, r, key)
	case http.MethodDelete:
		return s.deleteObject(w, key)
	}
	return methodNotAllowed()
}

func (s *Server) serveBucket(w http.ResponseWriter, r *http.Request, query url.Values) error {
	switch {
	case query.Has("lifecycle"):
		return s.serveLifecycle(w, r)
	case r.Method == http.MethodPost && query.Has("delete"):
		return s.deleteObjects(w, r, query)
	case r.Method == http.MethodGet && query.Get("list-type") == "2":
		return s.listObjects(w, query)
	}
	return notImplemented("This request to a bucket is not implemented here.")
}
