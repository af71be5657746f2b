package oss

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const maxLifecycleBody = 2 << 20

// lifecycle is the bucket's rules for expiry, as they were put, in a file.
type lifecycle struct {
	path string

	mu    sync.RWMutex
	text  []byte // nil: there are none
	rules []rule
}

type lifecycleBody struct {
	XMLName xml.Name `xml:"LifecycleConfiguration"`
	Rules   []rule   `xml:"Rule"`
}

// rule is what we know of a rule: unknown elements are refused, not ignored.
type rule struct {
	ID         string
	Prefix     string
	Status     string
	Expiration struct{ Days int }
	Unknown    []struct {
		XMLName xml.Name
	} `xml:",any"`
}

func openLifecycle(path string) (*lifecycle, error) {
	l := &lifecycle{path: path}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read lifecycle rules: %w", err)
	}
	l.text = text
	if l.rules, err = parseLifecycle(text); err != nil {
		return nil, fmt.Errorf("parse lifecycle rules %q: %w", path, err)
	}
	return l, nil
}

func parseLifecycle(text []byte) ([]rule, error) {
	var body lifecycleBody
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
		return s.putLifecycle(r)
	case http.MethodGet:
		return s.getLifecycle(w)
	case http.MethodDelete:
		return s.deleteLifecycle(w)
	}
	return methodNotAllowed()
}

func (s *Server) putLifecycle(r *http.Request) error {
	text, err := readBody(r, maxLifecycleBody)
	if err != nil {
		return err
	}
	return s.SetLifecycle(text)
}

// SetLifecycle replaces the bucket's rules by those of an XML text, as PutBucketLifecycle does.
func (s *Server) SetLifecycle(text []byte) error {
	rules, err := parseLifecycle(text)
	if err != nil {
		return err
	}
	return s.lifecycle.set(text, rules)
}

func (s *Server) getLifecycle(w http.ResponseWriter) error {
	s.lifecycle.mu.RLock()
	defer s.lifecycle.mu.RUnlock()
	if s.lifecycle.text == nil {
		return answer(http.StatusNotFound, "NoSuchLifecycle", "No Row found in Lifecycle Table.")
	}
	w.Header().Set("Content-Type", "application/xml")
	_, _ = w.Write(s.lifecycle.text)
	return nil
}

func (s *Server) deleteLifecycle(w http.ResponseWriter) error {
	if err := s.lifecycle.set(nil, nil); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// set replaces all rules, on disk first.
func (l *lifecycle) set(text []byte, rules []rule) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.save(text); err != nil {
		return fmt.Errorf("save lifecycle rules: %w", err)
	}
	l.text, l.rules = text, rules
	return nil
}

func (l *lifecycle) save(text []byte) error {
	if text == nil {
		if err := os.Remove(l.path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	if err := os.WriteFile(l.path+".new", text, 0o644); err != nil {
		return err
	}
	if err := os.Rename(l.path+".new", l.path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(l.path))
}

// expired says whether a rule wants the object gone. An object under several rules
// goes with the first of them to be due.
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

// Expire deletes the objects that the lifecycle rules let expire by now, counted
// from when they were last put, and returns their number. The service does it once
// a day; whoever runs the server calls it when he likes.
func (s *Server) Expire(now time.Time) (int, error) {
	due := func(e entry) bool { return s.lifecycle.expired(e, now) }
	var keys []string
	s.objects.index.scan("", "", func(e entry) bool {
		if due(e) {
			keys = append(keys, e.key)
		}
		return true
	})
	return s.objects.remove(keys, due) // asked again: it may have been put anew
}
