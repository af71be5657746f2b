package fc

import (
	"io"
	"net"
	"net/http"
	"sync"
)

// maxResponse is the maximum length of a function's response, in bytes.
const maxResponse = 6 << 20

const apiPath = "/2020-11-11/runtime/invocation/"

// runtimeAPI is the server for one process. The process gets its calls from this server and posts
// the results to it. Only process.do sends calls to the work channel. It sends a call only after
// the previous call has finished.
type runtimeAPI struct {
	work     chan *call
	describe func(http.Header, *call)
	listener net.Listener
	server   *http.Server
	// polled is closed when the process first asks for work.
	polled chan struct{}
	first  sync.Once

	mu      sync.Mutex
	current *call
}

// listen opens the API on a free loopback port.
func listen(describe func(http.Header, *call)) (*runtimeAPI, error) {
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

func (api *runtimeAPI) address() string { return api.listener.Addr().String() }

// close closes the server. It must not be called before the process has exited.
func (api *runtimeAPI) close() { api.server.Close() }

func (api *runtimeAPI) next(w http.ResponseWriter, r *http.Request) {
	api.first.Do(func() { close(api.polled) })
	select {
	case c := <-api.work:
		api.mu.Lock()
		api.current = c
		api.mu.Unlock()
		api.describe(w.Header(), c)
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
		c.done <- result{payload: payload, failed: failed, tooLarge: len(payload) > maxResponse}
	}
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
