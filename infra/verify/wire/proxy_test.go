package wire

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"sync"
)

// Request is an HTTP request with its place in the order of arrival.
type Request struct {
	*http.Request
	// Seq counts the requests since the last call to SetHook, starting at 1.
	Seq int
}

// Proxy injects faults in front of a store's handler. It is safe for concurrent use.
type Proxy struct {
	store http.Handler
	late  sync.WaitGroup

	mu      sync.Mutex
	seq     int
	hook    func(Request) *Fault
	hung    func()
	settled chan struct{}
}

// New returns a proxy that injects no faults until SetHook is called.
func New(store http.Handler) *Proxy {
	return &Proxy{store: store, settled: make(chan struct{})}
}

// SetHook sets the function that chooses the fault to inject into each request. If the hook or the
// fault is nil, nothing goes wrong. The proxy calls the hook from one goroutine at a time.
func (p *Proxy) SetHook(hook func(Request) *Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seq, p.hook = 0, hook
}

// SetHung sets a function that the proxy calls whenever it leaves a request without a response. The
// function can then make the sender give up at once, so that a test need not wait for a timeout.
func (p *Proxy) SetHung(hung func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hung = hung
}

// Settle forwards all requests that the delay method holds back. It then waits until the store has
// handled these requests and those that the comeLate method forwards.
func (p *Proxy) Settle() {
	p.mu.Lock()
	close(p.settled)
	p.settled = make(chan struct{})
	p.mu.Unlock()
	p.late.Wait()
}

// ServeHTTP forwards a request and its response, unless the hook returns a fault.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the sender is gone
	}
	x := &exchange{proxy: p, w: w, request: r, body: body}
	if fault := p.next(r); fault != nil {
		fault.happen(x)
		return
	}
	x.respond(x.forward())
}

func (p *Proxy) next(r *http.Request) *Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seq++
	if p.hook == nil {
		return nil
	}
	return p.hook(Request{Request: r, Seq: p.seq})
}

// exchange holds one request, its complete body and the connection to its sender.
type exchange struct {
	proxy   *Proxy
	w       http.ResponseWriter
	request *http.Request
	body    []byte
}

// forward sends the request to the store, even if the sender is no longer waiting, and returns
// the response.
func (x *exchange) forward() *reply {
	r := x.request.Clone(context.WithoutCancel(x.request.Context()))
	r.Body = io.NopCloser(bytes.NewReader(x.body))
	response := &reply{status: http.StatusOK, header: http.Header{}}
	x.proxy.store.ServeHTTP(response, r)
	return response
}

// delay forwards the request once Settle is called.
func (x *exchange) delay() {
	x.proxy.mu.Lock()
	settled := x.proxy.settled
	x.proxy.mu.Unlock()
	x.proxy.late.Go(func() {
		<-settled
		x.forward()
	})
}

func (x *exchange) respond(r *reply) {
	maps.Copy(x.w.Header(), r.header)
	x.w.WriteHeader(r.status)
	_, _ = x.w.Write(r.body.Bytes()) // the sender may have left
}

// cut announces the length of the whole response, sends only the first half, and closes the
// connection.
func (x *exchange) cut(r *reply) {
	half := &reply{status: r.status, header: r.header}
	half.body.Write(r.body.Bytes()[:r.body.Len()/2])
	half.announce(r.body.Len() + 1) // one byte too many, so that even an empty response is cut short
	x.respond(half)
	x.w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

// reset ends the connection with a TCP reset, as a crashed peer would.
func (x *exchange) reset() {
	connection, _, err := x.w.(http.Hijacker).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := connection.(interface{ SetLinger(sec int) error }); ok {
		_ = tcp.SetLinger(0) // otherwise the connection ends normally, which is a different fault
	}
	_ = connection.Close()
}

// hang sends nothing until the sender gives up.
func (x *exchange) hang() {
	x.proxy.mu.Lock()
	hung := x.proxy.hung
	x.proxy.mu.Unlock()
	if hung != nil {
		hung()
	}
	<-x.request.Context().Done()
}

// comeLate forwards the request after the sender has given up.
func (x *exchange) comeLate() {
	x.proxy.late.Add(1)
	defer x.proxy.late.Done()
	x.hang()
	x.forward()
}
