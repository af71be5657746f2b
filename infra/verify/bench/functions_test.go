package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const token = "bench"

// build builds a function as it is deployed to Function Compute.
func build(b *testing.B, name string) (binary string) {
	binary = filepath.Join(b.TempDir(), name)
	cmd := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-ldflags=-s", "-o", binary, "./functions/"+name)
	cmd.Dir, cmd.Env = "../../..", append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	require.NoError(b, err, string(out))
	return binary
}

// start starts a function that uses the given bucket. To end the process, the caller must pass cmd
// to the kill function.
func start(b *testing.B, binary string, bucket *standIn, more ...string) (cmd *exec.Cmd, logs io.Reader) {
	cmd = exec.CommandContext(b.Context(), binary)
	cmd.Env = append(bucket.environment(), "WEBHOOK_TOKEN="+token, "QUERY_TOKEN="+token, "HOST=127.0.0.1", "PORT=0", "RETENTION_DAYS=36500")
	cmd.Env = append(cmd.Env, more...)
	return cmd, startWithLog(b, cmd)
}

// startWithLog starts a process and returns its log.
func startWithLog(b *testing.B, cmd *exec.Cmd) io.Reader {
	logs, err := cmd.StderrPipe()
	require.NoError(b, err)
	require.NoError(b, cmd.Start())
	return logs
}

func kill(cmd *exec.Cmd) {
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

// BenchmarkStart measures the time from the start of a function to its first poll for work.
func BenchmarkStart(b *testing.B) {
	bucket, err := serveBucket(b.TempDir(), nil)
	require.NoError(b, err)
	b.Cleanup(bucket.close)
	for _, name := range []string{"recorder", "query"} {
		binary := build(b, name)
		b.Run(name, func(b *testing.B) {
			var took samples
			for b.Loop() {
				took = append(took, milliseconds(untilPoll(b, binary, bucket)))
			}
			reportTimes(b, took)
		})
	}
}

func untilPoll(b *testing.B, binary string, bucket *standIn) time.Duration {
	polled := make(chan time.Time, 1)
	runtimeAPI := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case polled <- time.Now():
		default:
		}
		<-r.Context().Done()
	}))
	defer runtimeAPI.Close()
	began := time.Now()
	cmd, _ := start(b, binary, bucket, "FC_RUNTIME_API="+runtimeAPI.Listener.Addr().String())
	defer kill(cmd)
	select {
	case at := <-polled:
		return at.Sub(began)
	case <-time.After(time.Minute):
		b.Fatalf("%s did not poll for work within a minute", binary)
		return 0
	}
}

// BenchmarkLatency measures the response times of the real recorder. It runs as a plain server with
// a store that is as slow as OSS. Several webhooks are in flight at any time; see measureParallel.
func BenchmarkLatency(b *testing.B) {
	b.Run("webhook", func(b *testing.B) {
		address := startServer(b, func(bucket *standIn) (*exec.Cmd, io.Reader) { return start(b, build(b, "recorder"), bucket) }, b.TempDir())
		hooks := webhooks(b, newFleetPart(rows(10_000), 0, 1).events, 1)
		measureParallel(b, func(i int) error {
			hook := hooks[i%len(hooks)]
			return do(http.MethodPost, address+"/webhooks/emqx/"+string(hook.last.InstanceID), hook.body)
		})
	})
}

// startServer starts a function as a plain server and returns the server's address. start starts
// the process and returns its log. The server uses the bucket in dir, whose requests are as slow as
// requests to OSS.
func startServer(b *testing.B, start func(*standIn) (*exec.Cmd, io.Reader), dir string) (address string) {
	bucket, err := serveBucket(dir, evenDelays())
	require.NoError(b, err)
	b.Cleanup(bucket.close)
	cmd, logs := start(bucket)
	b.Cleanup(func() { kill(cmd) })
	lines := bufio.NewReader(logs)
	line, err := lines.ReadBytes('\n') // the first line of the log has the address
	require.NoError(b, err)
	go func() { _, _ = io.Copy(io.Discard, lines) }() // a full pipe would block the function
	var listening struct{ Address string }
	require.NoError(b, json.Unmarshal(line, &listening), string(line))
	require.NotEmpty(b, listening.Address, string(line))
	return "http://" + listening.Address
}

// client is an HTTP client that keeps connections open, as brokers do.
var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}

// do sends a request and expects status 200.
func do(method, address string, body []byte) error {
	r, err := http.NewRequest(method, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := client.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s: %.200s", method, address, response.Status, text)
	}
	return err
}
