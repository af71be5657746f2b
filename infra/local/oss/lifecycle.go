package oss

import (
	"encoding/xml"
	"net/http"
	"strings"
	"sync"
	"time"
)

// lifecycle holds the bucket's rules for expiry. Unlike the service's, they are lost when the server
// ends: whoever opens a Server sets them.
type lifecycle struct {
	mu    sync.RWMutex
	text  []byte // nil: no rules
	rules []rule
}

// rule is one lifecycle rule. Unknown collects elements that are not implemented.
type rule struct {
	ID         string
	Prefix     string
	Status     string
	Expiration struct{ Days int }
	Unknown    []struct{ XMLName xml.Name } `xml:",any"`
}

func parseLifecycle(text []byte) ([]rule, error) {
	var body struct {
		XMLName xml.Name `xml:"LifecycleConfiguration"`
		Rules   []rule   `xml:"Rule"`
	}
	if err := xml.Unmarshal(text, &body); err != nil || len(body.Rules) == 0 {
		return nil, malformed()
	}
	for _, r := range body.Rules {
		switch {
		case len(r.Unknown) > 0:
			return nil, notImplemented("The lifecycle element " + r.Unknown[0].XMLName.Local + " is not implemented here.")
		case r.Status != "Enabled" && r.Status != "Disabled", r.Expiration.Days < 1:
			return nil, malformed()
		}
	}
	return body.Rules, nil
}

func (s *Server) serveLifecycle(w http.ResponseWriter, r *http.Request) error {
	switch r.Method {
	case http.MethodPut:
		text, err := readBody(r)
		if err != nil {
			return err
		}
		return s.SetLifecycle(text)
	case http.MethodGet:
		return s.getLifecycle(w)
	}
	return methodNotAllowed()
}

// SetLifecycle replaces the bucket's lifecycle rules by those in an XML text, as PutBucketLifecycle does.
func (s *Server) SetLifecycle(text []byte) error {
	rules, err := parseLifecycle(text)
	if err != nil {
		return err
	}
	s.lifecycle.mu.Lock()
	defer s.lifecycle.mu.Unlock()
	s.lifecycle.text, s.lifecycle.rules = text, rules
	return nil
}

func (s *Server) getLifecycle(w http.ResponseWriter) error {
	s.lifecycle.mu.RLock()
	defer s.lifecycle.mu.RUnlock()
	if s.lifecycle.text == nil {
		return refuse(http.StatusNotFound, "NoSuchLifecycle", "No Row found in Lifecycle Table.")
	}
	w.Header().Set("Content-Type", "application/xml")
	_, _ = w.Write(s.lifecycle.text)
	return nil
}

// expired reports whether an enabled rule says that the object must go. If several rules apply, the
// first one to fall due decides.
func (l *lifecycle) expired(e entry, now time.Time) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, r := range l.rules {
		age := time.Duration(r.Expiration.Days) * 24 * time.Hour
		if r.Status == "Enabled" && strings.HasPrefix(e.key, r.Prefix) && now.Sub(e.modified) >= age {
			return true
		}
	}
	return false
}

// Expire deletes the objects whose lifecycle has ended by now and returns their number. An object's age
// counts from its last put. The service does this once a day; here the caller decides when.
func (s *Server) Expire(now time.Time) (int, error) {
	due := func(e entry) bool { return s.lifecycle.expired(e, now) }
	var keys []string
	s.objects.scan("", "", func(e entry) bool {
		if due(e) {
			keys = append(keys, e.key)
		}
		return true
	})
	return s.objects.remove(keys, due) // checks again, because an object may have been put since
}
