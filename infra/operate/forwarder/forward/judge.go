package forward

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// verdict says what happened to a batch, judging by the response.
type verdict int

const (
	sendAgain      verdict = iota // the batch was not recorded, or it is unknown whether it was
	recorded                      // every event in the batch is durable
	partlyRecorded                // every event that was understood is durable; lines that were not understood are in quarantine
	tooLarge                      // the batch is too large for one request: send half of it
)

// outcome is the result of one request.
type outcome struct {
	verdict verdict
	reason  string
	// retryAfter is the pause that the recorder requested, or zero.
	retryAfter time.Duration
}

// judge interprets a response. Only the recorder's own response proves that a batch is
// durable. A 200 or 400 from a proxy proves nothing.
func judge(response *http.Response, body []byte, now time.Time) outcome {
	status := response.StatusCode
	reason := fmt.Sprintf("the recorder responded with %d: %s", status, strings.TrimSpace(string(body[:min(len(body), 300)])))
	switch {
	case status == http.StatusOK && isFromRecorder(body):
		return outcome{verdict: recorded}
	case status == http.StatusBadRequest && isFromRecorder(body):
		return outcome{verdict: partlyRecorded, reason: reason}
	case status == http.StatusRequestEntityTooLarge:
		return outcome{verdict: tooLarge, reason: reason}
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		reason = fmt.Sprintf("the recorder responded with %d: check WEBHOOK_TOKEN and the instance in -url; no lines are lost, they wait", status)
	}
	return outcome{reason: reason, retryAfter: retryAfter(response.Header.Get("Retry-After"), now)}
}

// isFromRecorder reports whether a response body has the field "recorded". Only the recorder
// sends this field, and only after it has handled a batch.
func isFromRecorder(body []byte) bool {
	var result struct {
		Recorded *int `json:"recorded"`
	}
	return json.Unmarshal(body, &result) == nil && result.Recorded != nil
}

// retryAfter parses a Retry-After header, which contains either a number of seconds or a date. It
// returns 0 for any other value.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
