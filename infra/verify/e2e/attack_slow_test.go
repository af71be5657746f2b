package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestAttackSlowReaders requests the largest pages from a plain server, and reads almost nothing of
// the responses. It makes more requests at the same time than the server handles. The server must
// stay below the memory limit of the query function.
func TestAttackSlowReaders(t *testing.T) {
	needsProc(t)
	p := newPlainServers(t)
	processes := functionProcesses(os.Getpid(), "query")
	require.Len(t, processes, 1)
	from := time.Now().Add(-time.Hour)
	events := manyEvents("slow", from, 12_000)
	for i := range events {
		events[i].ChannelID, events[i].Username = fmt.Sprint("channel-", i/2), strings.Repeat("u", 500)
	}
	for _, part := range [][]inputEvent{events[:6000], events[6000:]} {
		r, err := do(t.Context(), http.MethodPost, "http://"+p.recorder+"/webhooks/events/slow", webhookToken, nil, encode(part))
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, r.status)
	}
	q := question("slow", "slow", from, time.Now())
	path := "/api/v1/trace?" + with(q, "limit", "5000").Encode()
	statuses := make([]int, 100)
	var readers sync.WaitGroup
	for i := range statuses {
		readers.Go(func() { statuses[i] = p.readStatus(t, path) })
	}
	readers.Wait()
	peak := processes[0].peak(t)
	t.Logf("statuses %v, peak memory %d MiB", statuses, peak>>20)
	require.Less(t, peak, memoryLimits["query"])
	require.Contains(t, statuses, http.StatusOK)
}

// readStatus sends a request and reads only the first line of the response. It returns the status,
// and leaves the connection open until the test ends.
func (p plainServers) readStatus(t *testing.T, path string) (status int) {
	conn, err := net.Dial("tcp", p.query)
	if err != nil {
		return 0
	}
	t.Cleanup(func() { conn.Close() })
	conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+queryToken+"\r\n\r\n")
	line, _ := bufio.NewReaderSize(conn, 16).ReadString('\n')
	fmt.Sscanf(line, "HTTP/1.1 %d", &status)
	return status
}
