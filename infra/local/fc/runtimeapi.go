package fc

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// maxResponse is the maximum length of a function's response, in bytes.
const maxResponse = 6 << 20

const apiPath = "/2020-11-11/runtime/invocation/"

// runtimeAPI is the link to a process in the runtime go1. The process gets its calls from this
// server and posts the results to it, one call at a time.
type runtimeAPI struct {
	work     chan *call
	describe func(*call) map[string]string
	listener net.Listener
	server   *http.Server
	// polled is closed when the process first asks for work.
	polled chan struct{}
	first  sync.Once

	mu      sync.Mutex
	current *call
}

// listen opens the API on a free loopback port.
func listen(describe func(*call) map[string]string) (*runtimeAPI, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	api := &runtimeAPI{work: make(chan *call), describe: describe, listener: listener, polled: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+apiPath+"next", api.next)
	mux.HandleFunc("POST "+apiPath+"{id}/response", api.finish(false))
	mux.HandleFunc("POST "+apiPath+"{id}/error", api.finish(true))
	api.server = &http.Server{Handler: mux}
	go api.server.Serve(listener)
	return api, nil
}

func (api *runtimeAPI) environ() []string {
	return []string{"FC_RUNTIME_API=" + api.listener.Addr().String()}
}

func (api *runtimeAPI) ready() <-chan struct{} { return api.polled }

func (api *runtimeAPI) late(limit time.Duration) *Error { return errTimeout(limit) }

func (api *runtimeAPI) pass(ctx context.Context, c *call, exited <-chan struct{}) bool {
	select {
	case api.work <- c:
		return true
	case <-exited:
	case <-ctx.Done():
	}
	return false
}

// canAbandon returns false because there is no way to make a process abandon a call.
func (api *runtimeAPI) canAbandon() bool { return false }

func (api *runtimeAPI) close() { api.server.Close() }

func (api *runtimeAPI) next(w http.ResponseWriter, r *http.Request) {
	api.first.Do(func() { close(api.polled) })
	select {
	case c := <-api.work:
		api.mu.Lock()
		api.current = c
		api.mu.Unlock()
		for name, value := range api.describe(c) {
			w.Header().Set(name, value)
		}
		w.Write(c.payload)
	case <-r.Context().Done():
	}
}

func (api *runtimeAPI) finish(failed bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		payload, err := io.ReadAll(io.LimitReader(r.Body, maxResponse+1))
		if err != nil {
			return
		}
		c := api.take(r.PathValue("id"))
		if c == nil {
			http.Error(w, "no such invocation", http.StatusNotFound)
			return
		}
		c.done <- postedResult(payload, failed)
	}
}

// postedResult converts the posted payload into the result of a call. failed says whether the
// process reported an error instead of a response.
func postedResult(payload []byte, failed bool) result {
	switch {
	case failed:
		return result{fault: errUnhandled(payload)}
	case len(payload) > maxResponse:
		return result{fault: errTooLong()}
	}
	return result{payload: payload}
}

// take returns the current call if it has the given id, and nil otherwise. It returns each
// call at most once.
func (api *runtimeAPI) take(id string) *call {
	api.mu.Lock()
	defer api.mu.Unlock()
	if api.current == nil || api.current.id != id {
		return nil
	}
	c := api.current
	api.current = nil
	return c
}
