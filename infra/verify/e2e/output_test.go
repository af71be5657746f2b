package e2e

import (
	"bytes"
	"regexp"
	"strings"
	"sync"
)

// output records everything that a process prints. Once the recorded text matches the regular
// expression in the awaited field, output sends the match to the found channel.
type output struct {
	awaited *regexp.Regexp
	found   chan []string // receives the match and its groups, once

	mu      sync.Mutex
	text    bytes.Buffer
	matched bool
}

// newOutput returns an empty output. If awaited is nil, the output sends nothing to the found
// channel.
func newOutput(awaited *regexp.Regexp) *output {
	return &output{awaited: awaited, found: make(chan []string, 1)}
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Write(p)
	if o.awaited != nil && !o.matched {
		if match := o.awaited.FindStringSubmatch(o.text.String()); match != nil {
			o.matched = true
			o.found <- match
		}
	}
	return len(p), nil
}

// count returns how often the given words occur in the output.
func (o *output) count(words string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Count(o.text.String(), words)
}

// tailLines is the maximum number of output lines that a failed test shows.
const tailLines = 60

func (o *output) tail() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return tail(o.text.String())
}

func tail(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}
