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

// control is a server on a free loopback port through which another process of the same
// user can call the functions of a running system, reach its bucket, and inject faults
// into its store. Its address and password are in a file that only the user can read.
type control struct {
	path   string
	server *http.Server
}

// controlFile is the content of that file.
type controlFile struct {
	URL      string `json:"url"`
	Password string `json:"password"`
}

func openControl(s settings, c *cloud) (*control, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open control: %w", err)
	}
	file := controlFile{URL: "http://" + listener.Addr().String(), Password: rand.Text()}
	text, err := json.Marshal(file)
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
	opened := &control{s.data("control"), &http.Server{Handler: file.guard(mux), ReadHeaderTimeout: headerTimeout}}
	go opened.server.Serve(listener)
	return opened, nil
}

// guard admits requests that carry the password.
func (f controlFile) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+f.Password)) != 1 {
			http.Error(w, "send the password of the control file as a bearer token", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (c *cloud) serveInvoke(w http.ResponseWriter, r *http.Request) {
	if err := c.fire(r.Context(), r.PathValue("function")); err != nil {
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

// fireInRunning calls a function of the running system with its timer's event.
func fireInRunning(ctx context.Context, s settings, function string) error {
	if _, err := postToRunning(ctx, s, "/invoke/"+function); err != nil {
		return fmt.Errorf("invoke %q: %w", function, err)
	}
	return nil
}

// accessRunning returns the access to the running system's bucket.
func accessRunning(ctx context.Context, s settings) (a access, err error) {
	body, err := postToRunning(ctx, s, "/access")
	if err == nil {
		err = json.Unmarshal(body, &a)
	}
	return a, err
}

// postToRunning sends a request to the control server of the running system.
func postToRunning(ctx context.Context, s settings, path string) ([]byte, error) {
	text, err := os.ReadFile(s.data("control"))
	var file controlFile
	if err == nil {
		err = json.Unmarshal(text, &file)
	}
	if err != nil {
		return nil, fmt.Errorf("find the running system: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, file.URL+path, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+file.Password)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("reach the running system: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = errors.New(string(bytes.TrimSpace(body)))
	}
	if err != nil {
		return nil, fmt.Errorf("the running system failed: %w", err)
	}
	return body, nil
}
