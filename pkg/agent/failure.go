package agent

import (
	"encoding/json"
	"net/http"

	"devicetrace/pkg/serve"
)

// failure is the result of a tool call that failed: the API's own words and, if the call named no
// instance or the wrong one, the instances that it could name.
type failure struct {
	serve.Problem
	RetryAfter    string   `json:"retry_after_seconds,omitempty"`
	Instances     []string `json:"instances,omitempty"`
	MoreInstances bool     `json:"more_instances,omitempty"`
}

func (f failure) text() string { return string(encode(f)) }

// maxNamed is the maximum number of instances that an error or a warning lists. An instance's name has
// at most 128 bytes.
const maxNamed = 50

// failureOf converts an error response of the API. noInstance means that the call named no instance.
func (c *caller) failureOf(r *http.Request, reply *reply, noInstance bool) failure {
	f := failure{RetryAfter: reply.header.Get("Retry-After")}
	if json.Unmarshal(reply.body.Bytes(), &f.Problem) != nil || f.Code == "" {
		f.Problem = failed
	}
	if noInstance && reply.status == http.StatusBadRequest || reply.status == http.StatusForbidden {
		f.Instances, f.MoreInstances = c.instances(r)
	}
	return f
}

// instances returns the instances that have events and that the token covers. If they cannot be
// listed, it returns none.
func (c *caller) instances(r *http.Request) (names []string, more bool) {
	reply := c.get(r, "/api/v1/instances", "")
	var list struct {
		Instances []string
		More      bool
	}
	if reply.status != http.StatusOK || json.Unmarshal(reply.body.Bytes(), &list) != nil {
		return nil, false
	}
	shown := list.Instances[:min(len(list.Instances), maxNamed)]
	return shown, list.More || len(shown) < len(list.Instances)
}
