package e2e

import (
	"bytes"
	"regexp"
	"strings"
	"sync"
)

// output keeps what a process says, and notices what it is waited for.
type output struct {
	awaited *regexp.Regexp
	found   chan []string // gets the match and its groups, once

	mu      sync.Mutex
	said    bytes.Buffer
	noticed bool
}

// newOutput waits for nothing if awaited is nil.
func newOutput(awaited *regexp.Regexp) *output {
	return &output{awaited: awaited, found: make(chan []string, 1)}
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.said.Write(p)
	if o.awaited != nil && !o.noticed {
		if match := o.awaited.FindStringSubmatch(o.said.String()); match != nil {
			o.noticed = true
			o.found <- match
		}
	}
	return len(p), nil
}

// count is how often it said something.
func (o *output) count(words string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Count(o.said.String(), words)
}

// tailLines is how much of an output helps to understand a failure.
const tailLines = 60

func (o *output) tail() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return tail(o.said.String())
}

func tail(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}
