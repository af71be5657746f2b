package agent

import (
	"encoding/json"
	"net/http"

	"devicetrace/pkg/serve"
)

// failure is the result of a failed tool call. It contains the API's error. If the call named no
// instance, or one that the token does not cover, failure also lists the instances to choose from.
type failure struct {
	serve.Problem
	RetryAfter string `json:"retry_after_seconds,omitempty"`
	instances
}

func (f failure) text() string { return string(encode(f)) }

// failureOf converts an error response of the API.
func failureOf(reply *reply, known instances) failure {
	f := failure{RetryAfter: reply.header.Get("Retry-After"), instances: known}
	if json.Unmarshal(reply.body.Bytes(), &f.Problem) != nil || f.Code == "" {
		f.Problem = failed
	}
	return f
}

// instances lists instances that have events and that the token covers. MoreInstances says that there
// are others.
type instances struct {
	Instances     []string `json:"instances,omitempty"`
	MoreInstances bool     `json:"more_instances,omitempty"`
}

// maxNamed is the maximum number of instances that a result lists. An instance's name has at most
// 128 bytes.
const maxNamed = 50

// shortened returns the first maxNamed instances.
func (i instances) shortened() instances {
	shown := i.Instances[:min(len(i.Instances), maxNamed)]
	return instances{shown, i.MoreInstances || len(shown) < len(i.Instances)}
}

func (i instances) isOne() bool { return len(i.Instances) == 1 && !i.MoreInstances }

// instances returns the instances that the API lists for r's token, or none if the API fails.
func (c *caller) instances(r *http.Request) instances {
	reply := c.get(r, "/api/v1/instances", "")
	var list struct {
		Instances []string
		More      bool
	}
	if reply.status != http.StatusOK || json.Unmarshal(reply.body.Bytes(), &list) != nil {
		return instances{}
	}
	return instances{list.Instances, list.More}.shortened()
}
