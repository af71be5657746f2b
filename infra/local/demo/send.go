package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
)

// maxBody is the maximum number of bytes that the demo reads from a response body.
const maxBody = 8 << 20

// send makes a request and returns the body of a response with status 200.
func send(ctx context.Context, method, url, token string, body io.Reader) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	got, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: status %s: %.300s", method, request.URL.Path, response.Status, got)
	}
	return got, err
}
