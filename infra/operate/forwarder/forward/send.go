package forward

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"devicetrace/infra/operate/forwarder/brokerlog"
)

// maxResponse is the maximum number of bytes read from a response.
const maxResponse = 64 << 10

// post starts to send a request to the recorder, without retrying. The result receives the outcome.
func (f *Forwarder) post(ctx context.Context, body brokerlog.Body) <-chan outcome {
	result := make(chan outcome, 1)
	go func() { result <- f.exchange(ctx, body) }()
	return result
}

// exchange sends a request and judges the response.
func (f *Forwarder) exchange(ctx context.Context, body brokerlog.Body) outcome {
	request, err := f.request(ctx, body)
	if err != nil {
		return outcome{reason: err.Error()}
	}
	response, err := f.config.Client.Do(request)
	if err != nil {
		return outcome{reason: err.Error()}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxResponse))
	if err != nil {
		return outcome{reason: err.Error()}
	}
	return judge(response, text, time.Now())
}

func (f *Forwarder) request(ctx context.Context, body brokerlog.Body) (*http.Request, error) {
	url, contentType, lines := f.config.LinesURL, "text/plain; charset=utf-8", body.Lines
	if body.IsEvents {
		url, contentType = f.config.EventsURL, "application/x-ndjson"
	}
	if f.config.Gzip {
		lines = compress(lines)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(lines))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+f.config.Token)
	request.Header.Set("Content-Type", contentType)
	if !body.IsEvents {
		request.Header.Set("X-Log-Position", body.Position())
	}
	if f.config.Gzip {
		request.Header.Set("Content-Encoding", "gzip")
	}
	return request, nil
}

func compress(body []byte) []byte {
	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	_, err := w.Write(body)
	if err = errors.Join(err, w.Close()); err != nil {
		panic(err) // writing to a buffer does not fail
	}
	return compressed.Bytes()
}
