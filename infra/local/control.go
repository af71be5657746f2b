package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
)

// control lets another process of the same user invoke functions of a running
// system, reach its bucket, and give its store faults: a server on a free loopback port,
// whose address and password are in a file that only the user can read.
type control struct {
	path   string
	server *http.Server
}

// door is the content of that file.
type door struct {
	URL      string `json:"url"`
	Password string `json:"password"`
}

func openControl(s settings, c *cloud) (*control, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open control: %w", err)
	}
	d := door{URL: "http://" + listener.Addr().String(), Password: rand.Text()}
	text, err := json.Marshal(d)
	if err == nil {
		err = os.WriteFile(s.data("control"), text, 0o600)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open control: %w", err), listener.Close())
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /invoke/{function}", c.serveInvoke)
	mux.HandleFunc("PUT /store", c.store.faults.serveSet)
	mux.HandleFunc("POST /access", c.serveAccess)
	opened := &control{s.data("control"), &http.Server{Handler: d.guard(mux), ReadHeaderTimeout: headerTimeout}}
	go opened.server.Serve(listener)
	return opened, nil
}

// guard lets in who has read the file.
func (d door) guard(inside http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+d.Password)) != 1 {
			http.Error(w, "no right password", http.StatusUnauthorized)
			return
		}
		inside.ServeHTTP(w, r)
	})
}

func (c *cloud) serveInvoke(w http.ResponseWriter, r *http.Request) {
	if err := c.invokeTimed(r.Context(), r.PathValue("function")); err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
	}
}

func (c *cloud) serveAccess(w http.ResponseWriter, _ *http.Request) {
	json.NewEncoder(w).Encode(c.store.access())
}

func (c *control) close() {
	os.Remove(c.path)
	c.server.Close()
}

// invokeElsewhere asks the running system for an invocation.
func invokeElsewhere(ctx context.Context, s settings, function string) error {
	if _, err := askElsewhere(ctx, s, "/invoke/"+function); err != nil {
		return fmt.Errorf("invoke %q: %w", function, err)
	}
	return nil
}

// accessElsewhere asks the running system for a way to its bucket.
func accessElsewhere(ctx context.Context, s settings) (a access, err error) {
	answer, err := askElsewhere(ctx, s, "/access")
	if err == nil {
		err = json.Unmarshal(answer, &a)
	}
	return a, err
}

func askElsewhere(ctx context.Context, s settings, path string) ([]byte, error) {
	text, err := os.ReadFile(s.data("control"))
	if err != nil {
		return nil, fmt.Errorf("find the running system: %w", err)
	}
	var d door
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("find the running system: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL+path, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+d.Password)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask the running system: %w", err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("ask the running system: %s", bytes.TrimSpace(answer)), err)
	}
	return answer, nil
}
