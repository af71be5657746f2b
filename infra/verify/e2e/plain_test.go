package e2e

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/oss"
)

// plainServers describes a recorder and a query function that run as plain HTTP servers. It holds
// their addresses and the folder of the bucket that they share.
type plainServers struct{ recorder, query, folder string }

var listening = regexp.MustCompile(`"address":"([^"]+)"`)

func newPlainServers(t *testing.T, env ...string) plainServers {
	t.Helper()
	p := plainServers{folder: t.TempDir()}
	env = append(env, plainEnvironment(t, p.folder, nil)...)
	p.recorder, p.query = startPlainServer(t, "recorder", env), startPlainServer(t, "query", env)
	return p
}

// plainEnvironment starts a store that keeps its objects in a folder, and returns the environment
// variables for servers that use this store.
func plainEnvironment(t *testing.T, folder string, delay func() time.Duration) []string {
	t.Helper()
	bucket, err := oss.Open(oss.Config{
		Dir: folder, Bucket: "device-trace", Region: "cn-hangzhou", Delay: delay,
		Credentials: func(key string) (secret, token string, ok bool) { return "secret", "", key == "key" },
	})
	require.NoError(t, err)
	store := httptest.NewServer(bucket)
	t.Cleanup(store.Close)
	return []string{
		"HOST=127.0.0.1", "PORT=0", "OSS_ENDPOINT=" + store.URL, "OSS_REGION=cn-hangzhou", "OSS_BUCKET=device-trace",
		"ALIBABA_CLOUD_ACCESS_KEY_ID=key", "ALIBABA_CLOUD_ACCESS_KEY_SECRET=secret",
		"WEBHOOK_TOKEN=" + webhookToken, "QUERY_TOKEN=" + queryToken, "ADMIN_TOKEN=" + adminToken,
	}
}

func startPlainServer(t *testing.T, function string, env []string) (address string) {
	t.Helper()
	cmd := exec.Command(filepath.Join(built, ".build", function, function))
	cmd.Env = env
	d, match := startDaemon(t, cmd, listening)
	t.Cleanup(func() {
		client.CloseIdleConnections()
		d.stop(t, syscall.SIGTERM)
	})
	return match[1]
}

// raw sends the bytes of a request exactly as given and returns the response. If the server sends
// no response, the status is 0.
func raw(t *testing.T, address, text string) response {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	_, err = io.WriteString(conn, text)
	require.NoError(t, err)
	method, _, _ := strings.Cut(text, " ")
	r, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		return response{}
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	return response{r.StatusCode, r.Header, body}
}
