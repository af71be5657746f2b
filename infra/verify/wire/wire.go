// Package wire stands between clients of the bucket's API and the store that answers
// them, and does to requests and answers what networks, gateways and overloaded services
// do. It is for proofs: the vendor's SDK speaks to it over real connections.
//
// What always holds: a request reaches the store whole or not at all, and a fault that
// keeps it from the store says so in its name.
package wire

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"sync"
)

// Request is a request as a hook sees it.
type Request struct {
	*http.Request
	// Seq counts the requests since the last SetHook, from 1.
	Seq int
}

// Proxy is a store's handler with faults in front of it.
type Proxy struct {
	store http.Handler
	late  sync.WaitGroup

	mu      sync.Mutex
	seq     int
	hook    func(Request) *Fault
	hung    func()
	settled chan struct{}
}

// New is a proxy without faults.
func New(store http.Handler) *Proxy {
	return &Proxy{store: store, settled: make(chan struct{})}
}

// SetHook says which fault befalls which request; nil is none. It is called by one
// goroutine at a time.
func (p *Proxy) SetHook(hook func(Request) *Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seq, p.hook = 0, hook
}

// SetHung says what to call whenever a request begins to hang, so that its sender can give
// up at once instead of after a time.
func (p *Proxy) SetHung(hung func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hung = hung
}

// Settle lets the requests that were delayed reach the store, and waits for it, as for
// those that come late.
func (p *Proxy) Settle() {
	p.mu.Lock()
	close(p.settled)
	p.settled = make(chan struct{})
	p.mu.Unlock()
	p.late.Wait()
}

// ServeHTTP passes a request on and its answer back, but for what the hook says.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // its sender is gone
	}
	x := &exchange{proxy: p, w: w, request: r, body: body}
	if fault := p.next(r); fault != nil {
		fault.happen(x)
		return
	}
	x.answer(x.forward())
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

// exchange is one request that came whole, and the way back to its sender.
type exchange struct {
	proxy   *Proxy
	w       http.ResponseWriter
	request *http.Request
	body    []byte
}

// forward sends the request to the store, whether or not its sender still waits.
func (x *exchange) forward() *reply {
	r := x.request.Clone(context.WithoutCancel(x.request.Context()))
	r.Body = io.NopCloser(bytes.NewReader(x.body))
	answer := &reply{status: http.StatusOK, header: http.Header{}}
	x.proxy.store.ServeHTTP(answer, r)
	return answer
}

// delay forwards the request when the proxy is settled.
func (x *exchange) delay() {
	x.proxy.mu.Lock()
	settled := x.proxy.settled
	x.proxy.mu.Unlock()
	x.proxy.late.Go(func() {
		<-settled
		x.forward()
	})
}

func (x *exchange) answer(r *reply) {
	maps.Copy(x.w.Header(), r.header)
	x.w.WriteHeader(r.status)
	_, _ = x.w.Write(r.body.Bytes()) // a sender that left
}

// cut announces the whole answer, sends the first half, and ends the connection.
func (x *exchange) cut(r *reply) {
	half := &reply{status: r.status, header: r.header}
	half.body.Write(r.body.Bytes()[:r.body.Len()/2])
	half.announce(r.body.Len() + 1) // an empty answer is cut too
	x.answer(half)
	x.w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

// reset ends the connection as a crashed peer does.
func (x *exchange) reset() {
	connection, _, err := x.w.(http.Hijacker).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := connection.(interface{ SetLinger(sec int) error }); ok {
		_ = tcp.SetLinger(0) // else it ends in an orderly way, which will do
	}
	_ = connection.Close()
}

// hang says nothing until the sender gives up.
func (x *exchange) hang() {
	x.proxy.mu.Lock()
	hung := x.proxy.hung
	x.proxy.mu.Unlock()
	if hung != nil {
		hung()
	}
	<-x.request.Context().Done()
}

// comeLate forwards the request when the sender has given up.
func (x *exchange) comeLate() {
	x.proxy.late.Add(1)
	defer x.proxy.late.Done()
	x.hang()
	x.forward()
}
