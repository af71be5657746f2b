package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// api asks the recorder, as its admin.
type api struct {
	base, token string
	client      *http.Client
	// unit is what the recorder counts its waits in: a second, but in tests.
	unit time.Duration
}

const (
	callTimeout = time.Minute
	// maxTries is how often a call is made that the recorder puts off.
	maxTries = 5
	// maxAnswer is the longest answer that is read, in bytes.
	maxAnswer = 16 << 20
)

// newAPI reads where the system is, and asks nothing yet.
func newAPI(c console) (api, error) {
	base := strings.TrimRight(c.env("DEVICE_TRACE_URL", "http://127.0.0.1:8080"), "/")
	target, err := url.Parse(base)
	if err != nil || target.Scheme != "http" && target.Scheme != "https" || target.Host == "" {
		return api{}, errUsage("DEVICE_TRACE_URL must be like https://trace.example.com")
	}
	return api{
		base: base, token: c.env("ADMIN_TOKEN", "local"), unit: time.Second,
		client: &http.Client{Timeout: callTimeout},
	}, nil
}

// call makes a request and decodes the answer, which must have one of the statuses. It
// tries again what the recorder puts off.
func (a api) call(ctx context.Context, method, path string, into any, statuses ...int) error {
	for try := 1; ; try++ {
		status, header, body, err := a.try(ctx, method, path)
		if err != nil {
			return err
		}
		if slices.Contains(statuses, status) {
			return decode(body, into)
		}
		putOff := status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
		if !putOff || try == maxTries {
			return refusal(status, body)
		}
		if err := a.pause(ctx, header.Get("Retry-After")); err != nil {
			return err
		}
	}
}

func (a api) try(ctx context.Context, method, path string) (status int, header http.Header, body []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, method, a.base+path, nil)
	if err != nil {
		return 0, nil, nil, err
	}
	request.Header.Set("Authorization", "Bearer "+a.token)
	response, err := a.client.Do(request)
	if err != nil {
		return 0, nil, nil, err
	}
	defer response.Body.Close()
	body, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	return response.StatusCode, response.Header, body, err
}

// pause waits as long as the recorder asks for.
func (a api) pause(ctx context.Context, asked string) error {
	n, err := strconv.Atoi(asked)
	if err != nil || n < 1 || n > 60 {
		n = 1
	}
	timer := time.NewTimer(time.Duration(n) * a.unit)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func decode(body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("understand the answer: %w", err)
	}
	return nil
}

// refused is an answer that was not asked for.
type refused struct {
	status int
	Code   string `json:"code"`
	Text   string `json:"error"`
}

func refusal(status int, body []byte) error {
	r := refused{status: status}
	if json.Unmarshal(body, &r) != nil {
		return refused{status: status}
	}
	return r
}

func (r refused) Error() string {
	switch r.Code {
	case "":
		return fmt.Sprintf("the answer is %d %s, and not the recorder's: is DEVICE_TRACE_URL right?", r.status, http.StatusText(r.status))
	case "Unauthorized":
		return "the recorder has another ADMIN_TOKEN"
	case "NotFound":
		return "the recorder has no ADMIN_TOKEN, or DEVICE_TRACE_URL is not its address"
	default:
		return clean(r.Text)
	}
}

// ofItem says that nothing is wrong but with the item that was asked for.
func (r refused) ofItem() bool {
	return slices.Contains([]string{"NoSuchItem", "Damaged", "InvalidID"}, r.Code)
}
