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
	"strings"

	"devicetrace/pkg/objstore"
)

// control is a server that lets other processes use the running system. They can call the system's
// functions, check its bucket and inject faults into its store. The server listens on a free
// loopback port. Its address and password are in a file that only the system's own user can read.
type control struct {
	path   string
	server *http.Server
}

// controlFile is the content of the file from which other processes learn how to reach the
// control server.
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
	mux.HandleFunc("POST /check", reporting(func(ctx context.Context, out io.Writer) error {
		return checkBucket(ctx, objstore.WithPrefix(c.store.objects.Store(), c.store.prefix), out)
	}))
	mux.HandleFunc("POST /compact", reporting(c.compact))
	opened := &control{s.data("control"), &http.Server{Handler: file.guard(mux), ReadHeaderTimeout: headerTimeout}}
	go opened.server.Serve(listener)
	return opened, nil
}

// guard refuses requests that do not carry the password, and passes all others to next.
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

// reporting returns a handler that responds with the text that work prints. If work fails, the
// handler sends the error in a trailer.
func reporting(work func(context.Context, io.Writer) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).Flush() // without this, a response with an empty body would have no trailers
		if err := work(r.Context(), w); err != nil {
			w.Header().Set(http.TrailerPrefix+errorTrailer, strings.ReplaceAll(err.Error(), "\n", "; "))
		}
	}
}

const errorTrailer = "Work-Error"

func (c *control) close() {
	os.Remove(c.path)
	c.server.Close()
}

// fireInRunning calls a function of the running system with the event of the function's
// timer.
func fireInRunning(ctx context.Context, s settings, function string) error {
	if err := postToRunning(ctx, s, "/invoke/"+function, io.Discard); err != nil {
		return fmt.Errorf("invoke %q: %w", function, err)
	}
	return nil
}

// postToRunning sends a request to the control server of the running system and copies
// the response's body to out.
func postToRunning(ctx context.Context, s settings, path string, out io.Writer) error {
	text, err := os.ReadFile(s.data("control"))
	var file controlFile
	if err == nil {
		err = json.Unmarshal(text, &file)
	}
	if err != nil {
		return fmt.Errorf("find the running system: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, file.URL+path, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+file.Password)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("reach the running system: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		body, err := io.ReadAll(response.Body)
		return fmt.Errorf("the running system failed: %w", errors.Join(errors.New(string(bytes.TrimSpace(body))), err))
	}
	if _, err = io.Copy(out, response.Body); err != nil {
		return fmt.Errorf("read from the running system: %w", err)
	}
	if failure := response.Trailer.Get(errorTrailer); failure != "" {
		return errors.New(failure)
	}
	return nil
}
