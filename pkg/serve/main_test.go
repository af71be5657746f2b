package serve

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync/atomic"
	"testing"
)

// TestMain lets the test binary act as a function. The tests start the binary again with
// SERVE_TEST_FUNCTION set.
func TestMain(m *testing.M) {
	if os.Getenv("SERVE_TEST_FUNCTION") != "" {
		Main("echo", func(getenv func(string) string) (Function, error) {
			if getenv("MISWIRED") != "" {
				return Function{}, errors.New("MISWIRED is set")
			}
			return testFunction(getenv), nil
		}, "/prefix")
		return
	}
	os.Exit(m.Run())
}

// testFunction returns a function whose responses describe the request that it received. If
// FAIL_FIRST_START is set, the first call to Start fails.
func testFunction(getenv func(string) string) Function {
	var starts, stops atomic.Int32
	var keys atomic.Value
	keys.Store("none")
	mux := http.NewServeMux()
	mux.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { panic("broken on purpose") })
	mux.HandleFunc("/binary", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte{0xff, 0x00, 0xfe}) })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			Fail(w, http.StatusBadRequest, "Unreadable", err.Error())
			return
		}
		_, hasDeadline := r.Context().Deadline()
		JSON(w, http.StatusOK, seen{
			Method: r.Method, Path: r.URL.Path, Query: r.URL.Query().Get("q"), Header: r.Header.Get("x-ask"),
			Body: string(body), Host: r.Host, Peer: r.RemoteAddr, Keys: keys.Load().(string),
			Starts: int(starts.Load()), Deadline: hasDeadline, RequestID: RequestID(r.Context()),
		})
	})
	return Function{
		Handler: mux,
		Event: func(_ context.Context, payload []byte) error {
			if bytes.Contains(payload, []byte("bad")) {
				return fmt.Errorf("bad event")
			}
			return nil
		},
		Start: func(context.Context) error {
			if starts.Add(1) == 1 && getenv("FAIL_FIRST_START") != "" {
				return errors.New("not yet")
			}
			return nil
		},
		Stop: func(context.Context) error {
			fmt.Println("stopping", stops.Add(1))
			return nil
		},
		Credentials: func(id, secret, token string) { keys.Store(id + "/" + secret + "/" + token) },
	}
}

// seen is what the test function received in a request and reports in its response.
type seen struct {
	Method, Path, Query, Header, Body, Host, Peer, Keys, RequestID string
	Starts                                                         int
	Deadline                                                       bool
}
