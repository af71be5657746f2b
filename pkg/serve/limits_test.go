package serve

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// pipes is a listener with in-memory connections. Such connections work with the fake clock of
// package synctest.
type pipes struct {
	conns chan net.Conn
	close func() // may be called more than once
}

func newPipes() pipes {
	conns := make(chan net.Conn)
	return pipes{conns, sync.OnceFunc(func() { close(conns) })}
}

func (p pipes) Accept() (net.Conn, error) {
	conn, open := <-p.conns
	if !open {
		return nil, net.ErrClosed
	}
	return conn, nil
}

func (p pipes) Close() error {
	p.close()
	return nil
}

func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

// inBubble serves f in a synctest bubble, and calls do with a function that connects to the server.
func inBubble(t *testing.T, f Function, do func(t *testing.T, dial func() net.Conn)) {
	synctest.Test(t, func(t *testing.T) {
		listener := newPipes()
		ctx, cancel := context.WithCancel(t.Context())
		front, err := newPlainFront(f, noEnv)
		require.NoError(t, err)
		done := make(chan error, 1)
		go func() { done <- front.serve(ctx, listener) }()
		var clients []net.Conn
		do(t, func() net.Conn {
			client, server := net.Pipe()
			listener.conns <- server
			clients = append(clients, client)
			return client
		})
		for _, client := range clients {
			client.Close()
		}
		cancel()
		require.NoError(t, <-done)
	})
}

func readAll(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		Fail(w, http.StatusBadRequest, "Unreadable", "the body ended early")
		return
	}
	JSON(w, http.StatusOK, struct{}{})
}

// trickle writes start to the connection, and then writes piece again and again. Before each piece,
// it sleeps for the given pause. It stops when the server closes the connection or 2*idleLimit has
// passed. It returns the response and the elapsed time.
func trickle(conn net.Conn, start, piece string, pause time.Duration) (received string, took time.Duration) {
	began := time.Now()
	result := make(chan string)
	go func() {
		text, _ := io.ReadAll(conn)
		result <- string(text)
	}()
	_, err := io.WriteString(conn, start)
	for err == nil && time.Since(began) < 2*idleLimit {
		time.Sleep(pause) // on the bubble's fake clock
		_, err = io.WriteString(conn, piece)
	}
	took = time.Since(began).Round(time.Second)
	conn.Close()
	return <-result, took
}

// TestSlowSenders checks that the server closes the connection after a time limit if a client sends
// any part of a request too slowly.
func TestSlowSenders(t *testing.T) {
	for _, c := range []struct {
		name, start, piece string
		pause, want        time.Duration
		status             string
	}{
		{"nothing at all", "", "", time.Second, headerLimit, ""},
		{"request line", "G", "E", time.Second, headerLimit, ""},
		{"header", "GET / HTTP/1.1\r\nHost: x\r\n", "A: b\r\n", time.Second, headerLimit, ""},
		{"body", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n", "x", time.Second, readLimit, "HTTP/1.1 400 "},
		{"chunks", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n", time.Second, readLimit, "HTTP/1.1 400 "},
		{"second request", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "", time.Minute, idleLimit, "HTTP/1.1 200 "},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, Function{Handler: http.HandlerFunc(readAll)}, func(t *testing.T, dial func() net.Conn) {
				received, took := trickle(dial(), c.start, c.piece, c.pause)
				require.InDelta(t, c.want.Seconds(), took.Seconds(), (c.pause + time.Second).Seconds())
				require.True(t, strings.HasPrefix(received, c.status), received)
			})
		})
	}
}

// A request whose header exceeds the maximum length must get 431 before the header ends.
func TestLongHeaders(t *testing.T) {
	inBubble(t, Function{Handler: http.HandlerFunc(readAll)}, func(t *testing.T, dial func() net.Conn) {
		received, took := trickle(dial(), "GET / HTTP/1.1\r\nHost: x\r\n", "A: "+strings.Repeat("b", maxHeader/4)+"\r\n", time.Second)
		require.True(t, strings.HasPrefix(received, "HTTP/1.1 431 "), received)
		require.LessOrEqual(t, took, 6*time.Second, "net/http allows 4 KiB more")
	})
}

// TestSlowReaders checks that a request counts as in progress while the client reads a long response,
// but not while the client reads a short one. It also checks that the server closes the connection of
// a client that reads too slowly.
func TestSlowReaders(t *testing.T) {
	for length, meanwhile := range map[int]int{maxBuffered: http.StatusOK, 16 * maxBuffered: http.StatusTooManyRequests} {
		f := Function{MaxRequests: 1, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Write(make([]byte, length))
		})}
		inBubble(t, f, func(t *testing.T, dial func() net.Conn) {
			statusOf := func() int {
				conn := dial()
				_, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
				require.NoError(t, err)
				response, err := http.ReadResponse(bufio.NewReader(conn), nil)
				require.NoError(t, err)
				return response.StatusCode
			}
			require.Equal(t, http.StatusOK, statusOf())
			time.Sleep(responseLimit - time.Second) // on the bubble's fake clock
			require.Equal(t, meanwhile, statusOf())
			time.Sleep(2 * time.Second)
			require.Equal(t, http.StatusOK, statusOf())
		})
	}
}

// rawStatuses sends the raw requests in text on one connection. It returns the statuses of all
// responses that arrive before the server closes the connection. It reads while it writes, because
// the server may refuse a request before it has read the whole request.
func rawStatuses(t *testing.T, base, text string) (statuses []int) {
	conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	go io.WriteString(conn, text)
	reader := bufio.NewReader(conn)
	for {
		response, err := http.ReadResponse(reader, nil)
		if err != nil {
			require.NotErrorIs(t, err, os.ErrDeadlineExceeded, "the server must close the connection")
			return statuses
		}
		_, err = io.Copy(io.Discard, response.Body)
		require.NoError(t, err)
		statuses = append(statuses, response.StatusCode)
	}
}

// TestSmuggling sends requests that a proxy and this server could interpret differently. The server
// must refuse such a request, or close the connection after it. Otherwise the server could read the
// bytes that follow as another request.
func TestSmuggling(t *testing.T) {
	base := startPlain(t, Function{Handler: http.HandlerFunc(readAll)}, false)
	const hidden = "GET /hidden HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	for name, c := range map[string]struct {
		header, body string
		want         []int
	}{
		"both lengths":            {"Content-Length: 4\r\nTransfer-Encoding: chunked", "0\r\n\r\n", []int{200}},
		"both, the other way":     {"Transfer-Encoding: chunked\r\nContent-Length: 40", "0\r\n\r\n", []int{200}},
		"chunked alone":           {"Transfer-Encoding: chunked", "1\r\nx\r\n0\r\n\r\n", []int{200}},
		"two lengths":             {"Content-Length: 1\r\nContent-Length: 2", "x", []int{400}},
		"two lengths in one":      {"Content-Length: 1, 2", "x", []int{400}},
		"signed length":           {"Content-Length: +1", "x", []int{400}},
		"hexadecimal length":      {"Content-Length: 0x1", "x", []int{400}},
		"two encodings":           {"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "0\r\n\r\n", []int{501}},
		"list of encodings":       {"Transfer-Encoding: gzip, chunked", "0\r\n\r\n", []int{501}},
		"unknown encoding":        {"Transfer-Encoding: xchunked", "0\r\n\r\n", []int{501}},
		"space before the colon":  {"Transfer-Encoding : chunked", "0\r\n\r\n", []int{400}},
		"bare CR in a value":      {"A: b\rTransfer-Encoding: chunked", "", []int{400}},
		"null byte in a value":    {"A: b\x00", "", []int{400}},
		"chunk size with a sign":  {"Transfer-Encoding: chunked", "+1\r\nx\r\n0\r\n\r\n", []int{400}},
		"chunk size that is huge": {"Transfer-Encoding: chunked", "fffffffffffffffff\r\nx", []int{400}},
		"line feeds alone":        {"Transfer-Encoding: chunked", "1\nx\n0\n\n", []int{400}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, rawStatuses(t, base, "POST / HTTP/1.1\r\nHost: x\r\n"+c.header+"\r\n\r\n"+c.body+hidden))
		})
	}
	const plain = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
	require.Equal(t, []int{200, 200}, rawStatuses(t, base, plain+"\r\nx"+hidden), "a connection must be usable again")
	require.Equal(t, []int{200, 200}, rawStatuses(t, base, plain+"A: b\r\n Transfer-Encoding: chunked\r\n\r\nx"+hidden),
		"a folded line belongs to the header before (RFC 9112, 5.2)")
}

// TestChunkedOnThePlatform checks that a server that runs on Function Compute keeps the connection
// open after a chunked request.
func TestChunkedOnThePlatform(t *testing.T) {
	base := startPlain(t, Function{Handler: http.HandlerFunc(readAll)}, true)
	require.Equal(t, []int{200, 200}, rawStatuses(t, base, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"+
		"GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
}

func TestOddRequests(t *testing.T) {
	base := startPlain(t, Function{Handler: http.HandlerFunc(readAll)}, false)
	for name, c := range map[string]struct {
		text string
		want []int
	}{
		"HTTP/1.0":              {"GET / HTTP/1.0\r\n\r\n", []int{200}},
		"HTTP/1.1 without host": {"GET / HTTP/1.1\r\n\r\n", []int{400}},
		"two hosts":             {"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", []int{400}},
		"a host that is none":   {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", []int{400}},
		"HTTP/2.0 in clear":     {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", []int{200}}, // served like any other request
		"HTTP/0.9":              {"GET /\r\n\r\n", []int{400}},
		"no HTTP":               {"\x16\x03\x01\x02\x00\x01\r\n\r\n", []int{400}},
		"space in the target":   {"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", []int{400}},
		"a header of 2 MiB":     {"GET / HTTP/1.1\r\nHost: x\r\nA: " + strings.Repeat("b", 2<<20) + "\r\n\r\n", []int{431}},
		"headers of 2 MiB":      {"GET / HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("A: b\r\n", 350_000) + "\r\n", []int{431}},
		"a target of 2 MiB":     {"GET /" + strings.Repeat("a", 2<<20) + " HTTP/1.1\r\nHost: x\r\n\r\n", []int{431}},
		"a body of 33 MiB":      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 34603008\r\n\r\n", []int{413}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, rawStatuses(t, base, c.text)) })
	}
}

func TestLongestBody(t *testing.T) {
	life := lifecycle{function: Function{Handler: http.HandlerFunc(readAll)}}
	for length, want := range map[int64]int{MaxBody: http.StatusOK, MaxBody + 1: http.StatusRequestEntityTooLarge} {
		r, w := httptest.NewRequest("POST", "/", nil), httptest.NewRecorder()
		r.ContentLength = length
		life.handler().ServeHTTP(w, r)
		require.Equal(t, want, w.Code)
	}
}

// TestNothingIsSniffed checks that every response forbids browsers to guess the content type.
// This must hold for the plain HTTP server and for the runtime API.
func TestNothingIsSniffed(t *testing.T) {
	for _, handler := range []http.HandlerFunc{
		readAll,
		func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<script>") },
		func(http.ResponseWriter, *http.Request) { panic("a fault of ours") },
		func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) },
		nil,
	} {
		f := Function{}
		if handler != nil {
			f.Handler = handler
		}
		response, body := send(t, "GET", startPlain(t, f, false), "")
		require.Equal(t, "nosniff", response.Header.Get("X-Content-Type-Options"))
		require.Equal(t, body == "", response.Header.Get("Content-Type") == "")
		event := []byte(`{"rawPath":"/","requestContext":{"http":{"method":"GET","path":"/"}}}`)
		reply := runtimeFront{&lifecycle{function: f}}.http(t.Context(), event).runtimeResponse()
		require.Equal(t, "nosniff", reply.Headers["X-Content-Type-Options"])
	}
}
