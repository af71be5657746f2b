package forward

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"devicetrace/infra/operate/mosquitto/follow"
)

// verdict is what becomes of a batch.
type verdict int

const (
	again    verdict = iota // it is not recorded, or nobody knows: send it again
	recorded                // all of it that makes rows is durable
	partly                  // so it is, and what could not be understood is in quarantine
	tooLarge                // send it in halves
)

// outcome is a verdict and why.
type outcome struct {
	verdict verdict
	why     string
	// wait is how long the recorder asks to wait, zero where it does not ask.
	wait time.Duration
}

// maxAnswer is how much of an answer is read, in bytes.
const maxAnswer = 64 << 10

// post sends a batch once.
func (f *Forwarder) post(ctx context.Context, batch follow.Chunk) outcome {
	request, err := f.request(ctx, batch)
	if err != nil {
		return outcome{why: err.Error()}
	}
	response, err := f.config.Client.Do(request)
	if err != nil {
		return outcome{why: err.Error()}
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return outcome{why: err.Error()}
	}
	return judge(response, answer, time.Now())
}

func (f *Forwarder) request(ctx context.Context, batch follow.Chunk) (*http.Request, error) {
	body := batch.Lines
	if f.config.Gzip {
		body = pack(body)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, f.config.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+f.config.Token)
	request.Header.Set("Content-Type", "text/plain; charset=utf-8")
	request.Header.Set("X-Log-Position", batch.Position())
	if f.config.Gzip {
		request.Header.Set("Content-Encoding", "gzip")
	}
	return request, nil
}

func pack(body []byte) []byte {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write(body)
	if err = errors.Join(err, w.Close()); err != nil {
		panic(err) // a buffer takes everything
	}
	return packed.Bytes()
}

// judge reads an answer. Only an answer of the recorder itself says that a batch is
// durable, whole or in part: a 200 or 400 of anyone in between says nothing about it.
func judge(response *http.Response, answer []byte, now time.Time) outcome {
	status := response.StatusCode
	why := fmt.Sprintf("the recorder answers %d: %s", status, strings.TrimSpace(string(answer[:min(len(answer), 300)])))
	switch {
	case status == http.StatusOK && isRecorders(answer):
		return outcome{verdict: recorded}
	case status == http.StatusBadRequest && isRecorders(answer):
		return outcome{verdict: partly, why: why}
	case status == http.StatusRequestEntityTooLarge:
		return outcome{verdict: tooLarge, why: why}
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		why = fmt.Sprintf("the recorder answers %d: is WEBHOOK_TOKEN right? No line is lost, all wait", status)
	}
	return outcome{why: why, wait: retryAfter(response.Header.Get("Retry-After"), now)}
}

// isRecorders reports whether an answer says how much is recorded.
func isRecorders(answer []byte) bool {
	var said struct {
		Recorded *int `json:"recorded"`
	}
	return json.Unmarshal(answer, &said) == nil && said.Recorded != nil
}

// retryAfter reads the header's two forms: seconds, and a date.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
