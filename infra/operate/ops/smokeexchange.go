package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// timedReply is a reply with the time at which its request was sent, and its duration.
type timedReply struct {
	reply
	began time.Time // when the request was sent, by s.now
	took  time.Duration
}

// exchange sends a request, with the token unless it is empty, and returns the response. It follows no
// redirects. The error is a fault.
func (s *smoke) exchange(ctx context.Context, at server, method, path, token string, body []byte) (timedReply, error) {
	request, err := http.NewRequestWithContext(ctx, method, at.base+path, bytes.NewReader(body))
	if err != nil {
		return timedReply{}, explainError(err, at)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	began := s.now()
	response, err := s.client.Do(request)
	if err != nil {
		return timedReply{}, explainError(err, at)
	}
	got, err := readReply(response)
	if err != nil {
		return timedReply{}, explainError(err, at)
	}
	return timedReply{got, began, s.now().Sub(began)}, nil
}

// platformCode returns the code of an error response that comes from Function Compute itself, or "" for
// any other response.
func (r reply) platformCode() string {
	var p map[string]json.RawMessage
	var code string
	if json.Unmarshal(r.body, &p) != nil || p["Code"] == nil || json.Unmarshal(p["Code"], &code) != nil {
		return ""
	}
	return code
}

// isPage reports whether the response is a web page.
func (r reply) isPage() bool {
	return strings.Contains(r.header.Get("Content-Type"), "html") || bytes.HasPrefix(bytes.TrimSpace(r.body), []byte("<"))
}

// quote makes text from a server safe to print: it returns a single line of at most 300 characters and
// masks the tokens. It does not mask localToken, which is not secret and is a common word.
func (s *smoke) quote(text string) string {
	for _, token := range []string{s.recorder.token, s.query.token} {
		if token != localToken {
			text = strings.ReplaceAll(text, token, "[token]")
		}
	}
	text = clean(strings.Join(strings.Fields(text), " "))
	if runes := []rune(text); len(runes) > 300 {
		return string(runes[:300]) + "…"
	}
	return text
}
