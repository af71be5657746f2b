package oss

import (
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"time"
)

// rule is one lifecycle rule. Unknown collects the elements that this package does not implement.
type rule struct {
	ID         string
	Prefix     string
	Status     string
	Expiration struct{ Days int }
	Unknown    []struct{ XMLName xml.Name } `xml:",any"`
}

// parseLifecycle returns the rules in the body of a PutBucketLifecycle request.
func parseLifecycle(text []byte) ([]rule, error) {
	var body struct {
		XMLName xml.Name `xml:"LifecycleConfiguration"`
		Rules   []rule   `xml:"Rule"`
	}
	if err := xml.Unmarshal(text, &body); err != nil {
		return nil, err
	}
	if len(body.Rules) == 0 {
		return nil, errors.New("there is no rule")
	}
	for i, r := range body.Rules {
		for _, other := range body.Rules[:i] {
			if strings.HasPrefix(r.Prefix, other.Prefix) || strings.HasPrefix(other.Prefix, r.Prefix) {
				return nil, fmt.Errorf("the prefixes %q and %q overlap, so their rules conflict", other.Prefix, r.Prefix)
			}
		}
		switch {
		case len(r.Unknown) > 0:
			return nil, fmt.Errorf("element %s is not implemented", r.Unknown[0].XMLName.Local)
		case r.Status != "Enabled" && r.Status != "Disabled":
			return nil, fmt.Errorf("status %q is not known; use Enabled or Disabled", r.Status)
		case r.Expiration.Days < 1:
			return nil, errors.New("a rule has no days of expiration")
		}
	}
	return body.Rules, nil
}

// expired reports whether an enabled rule would delete the object at the given time.
func (s *Server) expired(e entry, now time.Time) bool {
	for _, r := range s.lifecycle {
		age := time.Duration(r.Expiration.Days) * 24 * time.Hour
		if r.Status == "Enabled" && strings.HasPrefix(e.key, r.Prefix) && now.Sub(e.modified) >= age {
			return true
		}
	}
	return false
}

// Expire deletes the objects that have expired by the given time, and returns the number of deleted
// objects. A lifecycle rule sets the age at which an object expires, counted from the object's last
// put. The real service applies the rules once a day. Here, the caller decides when to apply them.
func (s *Server) Expire(now time.Time) (int, error) {
	due := func(e entry) bool { return s.expired(e, now) }
	var keys []string
	s.objects.scan("", "", func(e entry) bool {
		if due(e) {
			keys = append(keys, e.key)
		}
		return true
	})
	// remove checks each object again, because the object may have been replaced since the scan.
	return s.objects.remove(keys, due)
}
