package ossstore_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/ossstore"
)

// proxy forwards TCP connections to a server until they are dropped. A dropped connection stays
// open, but the proxy discards all data that the client sends on it.
type proxy struct {
	server   string
	accepted atomic.Int32
	dropped  atomic.Int32 // the number of dropped connections, counted from the first to arrive
}

// listen starts the proxy and returns its address.
func (p *proxy) listen(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var ended sync.WaitGroup
	t.Cleanup(func() {
		listener.Close()
		ended.Wait()
	})
	ended.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			context.AfterFunc(t.Context(), func() { conn.Close() })
			ended.Go(func() { p.forward(conn, p.accepted.Add(1)) })
		}
	})
	return listener.Addr().String()
}

func (p *proxy) forward(client net.Conn, number int32) {
	defer client.Close()
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		defer client.Close()
		_, _ = io.Copy(client, server)
	}()
	_, _ = io.Copy(pipe{p, number, server}, client)
}

// pipe forwards data to the server until its connection is dropped. It then discards the data.
type pipe struct {
	*proxy
	number int32
	server net.Conn
}

func (p pipe) Write(b []byte) (int, error) {
	if p.number <= p.dropped.Load() {
		return len(b), nil
	}
	return p.server.Write(b)
}

// together returns a handler that responds to the first n requests only after all n have arrived.
func together(n int, handler http.Handler) http.Handler {
	var requests atomic.Int32
	all := make(chan struct{})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1) == int32(n) {
			close(all)
		}
		<-all
		handler.ServeHTTP(w, r)
	})
}

// A query can read 64 objects in each of two partitions at the same time. The next query must find
// all these connections in the pool.
func TestTheConnectionsOfAQueryAreReused(t *testing.T) {
	const connections = 128
	var round atomic.Value // the http.Handler of the current round
	server, behind := standIn(t, nil), &proxy{}
	handler := func(w http.ResponseWriter, r *http.Request) { round.Load().(http.Handler).ServeHTTP(w, r) }
	store := connect(t, http.HandlerFunc(handler), func(cfg *ossstore.Config) {
		behind.server = strings.TrimPrefix(cfg.Endpoint, "http://")
		cfg.Endpoint = "http://" + behind.listen(t)
	})
	for range 2 {
		round.Store(together(connections, server))
		var puts sync.WaitGroup
		for range connections {
			puts.Go(func() { put(t, store, "k", "v") })
		}
		puts.Wait()
	}
	require.EqualValues(t, connections, behind.accepted.Load())
}

// A query cancels reads that turn out to be useless. A canceled read may close its own connection, but
// must leave the others in the pool.
func TestACanceledReadLeavesOtherConnections(t *testing.T) {
	const connections = 4
	var round atomic.Value // the http.HandlerFunc of the current round
	server, behind := standIn(t, nil), &proxy{}
	handler := func(w http.ResponseWriter, r *http.Request) { round.Load().(http.HandlerFunc)(w, r) }
	store := connect(t, http.HandlerFunc(handler), func(cfg *ossstore.Config) {
		behind.server = strings.TrimPrefix(cfg.Endpoint, "http://")
		cfg.Endpoint = "http://" + behind.listen(t)
	})
	putTogether := func(n int) {
		round.Store(http.HandlerFunc(together(n, server).ServeHTTP))
		var puts sync.WaitGroup
		for range n {
			puts.Go(func() { put(t, store, "k", "v") })
		}
		puts.Wait()
	}
	putTogether(connections)
	for _, sent := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		round.Store(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if sent { // the read is canceled after the header of the response
				w.Header().Set("Content-Length", "1")
				w.Header().Set("Content-Range", "bytes 0-0/1")
				w.WriteHeader(http.StatusPartialContent)
				_ = http.NewResponseController(w).Flush()
			}
			cancel()
			<-r.Context().Done()
		}))
		_, err := store.Read(ctx, "k", 0, 1)
		require.ErrorIs(t, err, context.Canceled)
		before := behind.accepted.Load()
		putTogether(connections)
		require.LessOrEqual(t, behind.accepted.Load(), before+1)
	}
}

// If all pooled connections die unnoticed, only one attempt may time out because of them.
func TestDeadConnectionsCostOneTimeout(t *testing.T) {
	const connections = 15
	behind := &proxy{}
	store := connect(t, together(connections, standIn(t, nil)), func(cfg *ossstore.Config) {
		behind.server = strings.TrimPrefix(cfg.Endpoint, "http://")
		cfg.Endpoint = "http://" + behind.listen(t)
	})
	var puts sync.WaitGroup
	for range connections {
		puts.Go(func() { put(t, store, "k", "v") })
	}
	puts.Wait()
	require.EqualValues(t, connections, behind.accepted.Load())

	behind.dropped.Store(connections)
	counted := objstore.NewCounting(store)
	put(t, objstore.Retrying(counted, objstore.RetryPolicy{AttemptTimeout: time.Second}), "k", "v")
	require.Equal(t, 2, counted.Requests(), "one attempt on a dead connection, and one on a new connection")
	require.EqualValues(t, connections+1, behind.accepted.Load())
}

// If a connection dies after it has delivered the header of a response, the transport must close
// the idle connections, too.
func TestAResponseThatStopsClosesIdleConnections(t *testing.T) {
	const connections = 3
	var stop atomic.Bool
	server := standIn(t, nil)
	behind := &proxy{}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !stop.CompareAndSwap(true, false) {
			server.ServeHTTP(w, r)
			return
		}
		behind.dropped.Store(connections)
		w.Header().Set("Content-Range", "bytes 0-3/4")
		w.Header().Set("Content-Length", "4")
		w.WriteHeader(http.StatusPartialContent)
		_, _ = io.WriteString(w, "te")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	store := connect(t, together(connections, handler), func(cfg *ossstore.Config) {
		behind.server = strings.TrimPrefix(cfg.Endpoint, "http://")
		cfg.Endpoint = "http://" + behind.listen(t)
	})
	var puts sync.WaitGroup
	for range connections {
		puts.Go(func() { put(t, store, "k", "text") })
	}
	puts.Wait()

	stop.Store(true)
	counted := objstore.NewCounting(store)
	got, err := objstore.Retrying(counted, objstore.RetryPolicy{AttemptTimeout: time.Second}).Read(t.Context(), "k", 0, 4)
	require.NoError(t, err)
	require.Equal(t, "text", string(got))
	require.Equal(t, 2, counted.Requests())
}
