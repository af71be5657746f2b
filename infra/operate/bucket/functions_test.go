package bucket

import (
	"bufio"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

var functions = []string{"recorder", "query", "compactor"}

const root = "../../.."

// built is the folder that holds the executables of all functions.
var built string

func TestMain(m *testing.M) {
	os.Exit(withFunctions(m.Run))
}

// withFunctions compiles all functions into built, calls work, and deletes the folder.
func withFunctions(work func() int) int {
	folder, err := os.MkdirTemp("", "bucket-test")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	built = folder
	for _, function := range functions {
		cmd := exec.Command("go", "build", "-o", filepath.Join(folder, function), "./functions/"+function)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			log.Print(function, ": ", err, "\n", string(out))
			return 1
		}
	}
	return work()
}

// function is a running process of one of the functions. The process exits when stop is called or
// the test ends.
type function struct {
	cmd  *exec.Cmd
	logs *bufio.Reader
	url  string
}

// start runs the named function as a plain HTTP server. The function accesses the bucket at the
// given endpoint with an access key of its own, and with the OSS_PREFIX of the test's environment.
// environment holds additional environment variables in the form "NAME=value". They override the
// variables that start sets.
func start(t *testing.T, name, endpoint string, environment ...string) *function {
	t.Helper()
	f := &function{cmd: exec.CommandContext(t.Context(), filepath.Join(built, name))}
	f.cmd.Env = []string{
		"HOST=127.0.0.1", "PORT=0", "TMPDIR=" + os.TempDir(),
		"OSS_ENDPOINT=" + endpoint, "OSS_REGION=" + region, "OSS_BUCKET=device-trace", "OSS_PREFIX=" + os.Getenv("OSS_PREFIX"),
		"ALIBABA_CLOUD_ACCESS_KEY_ID=" + name, "ALIBABA_CLOUD_ACCESS_KEY_SECRET=secret of " + name,
		"WEBHOOK_TOKEN=token", "ADMIN_TOKEN=token", "QUERY_TOKEN=token", "INVOKE_TOKEN=token",
	}
	f.cmd.Env = append(f.cmd.Env, environment...)
	stderr, err := f.cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, f.cmd.Start())
	f.logs = bufio.NewReader(stderr)
	line, err := f.logs.ReadBytes('\n')
	require.NoError(t, err, string(line))
	var listening struct{ Address string }
	require.NoError(t, json.Unmarshal(line, &listening))
	require.NotEmpty(t, listening.Address, string(line))
	f.url = "http://" + listening.Address
	return f
}

// stop asks the process to shut down, waits for it to exit and returns its log.
func (f *function) stop(t *testing.T) string {
	t.Helper()
	http.DefaultClient.CloseIdleConnections()
	require.NoError(t, f.cmd.Process.Signal(syscall.SIGTERM))
	logged, err := io.ReadAll(f.logs)
	require.NoError(t, err)
	require.NoError(t, f.cmd.Wait(), string(logged))
	return string(logged)
}

// request sends an authorized request and returns the response body. The test fails if the response
// status is not want.
func (f *function) request(t *testing.T, method, path, body string, want int) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, f.url+path, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer token")
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, want, response.StatusCode, string(got))
	return string(got)
}
