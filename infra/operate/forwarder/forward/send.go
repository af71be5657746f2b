package forward

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"devicetrace/infra/operate/forwarder/follow"
)

// maxResponse is the maximum number of bytes read from a response.
const maxResponse = 64 << 10

// post sends a batch to the recorder without retrying.
func (f *Forwarder) post(ctx context.Context, batch follow.Chunk) outcome {
	request, err := f.request(ctx, batch)
	if err != nil {
		return outcome{reason: err.Error()}
	}
	response, err := f.config.Client.Do(request)
	if err != nil {
		return outcome{reason: err.Error()}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxResponse))
	if err != nil {
		return outcome{reason: err.Error()}
	}
	return judge(response, body, time.Now())
}

func (f *Forwarder) request(ctx context.Context, batch follow.Chunk) (*http.Request, error) {
	body := batch.Lines
	if f.config.Gzip {
		body = compress(body)
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

func compress(body []byte) []byte {
	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	_, err := w.Write(body)
	if err = errors.Join(err, w.Close()); err != nil {
		panic(err) // writing to a buffer does not fail
	}
	return compressed.Bytes()
}
