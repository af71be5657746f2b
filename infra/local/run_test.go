package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// testSettings returns settings with free ports and an empty data folder.
func testSettings(t *testing.T) settings {
	t.Chdir(repository)
	values := map[string]string{"PORT": "0", "MQTT_PORT": "0", "DATA_DIR": t.TempDir()}
	return readSettings(func(name string) string { return values[name] })
}

// patience limits how long a test waits for an event that must happen.
const patience = time.Minute

// started is a system that runs in the test's own process.
type started struct {
	url, mqtt string
	stop      func() error
}

var (
	urlLine  = regexp.MustCompile(`API +(http://127\.0\.0\.1:\d+)/`)
	mqttLine = regexp.MustCompile(`MQTT +(127\.0\.0\.1:\d+),`)
)

// begin starts a system and waits until it is ready. The system runs until stop is called
// or the test ends.
func begin(t *testing.T, s settings) *started {
	t.Helper()
	signals, ended := make(chan os.Signal, 2), make(chan error, 1)
	reader, writer := io.Pipe()
	go func() {
		err := run(s, signals, writer)
		writer.CloseWithError(io.EOF)
		ended <- err
	}()
	r := &started{stop: func() error {
		signals <- syscall.SIGINT
		select {
		case err := <-ended:
			ended <- err
			return err
		case <-time.After(patience):
			return errors.New("the system does not end")
		}
	}}
	t.Cleanup(func() { require.NoError(t, r.stop()) })
	late := time.AfterFunc(patience, func() { reader.CloseWithError(errors.New("the system does not start")) })
	defer late.Stop()
	lines := bufio.NewScanner(reader)
	for r.mqtt == "" && lines.Scan() {
		if match := urlLine.FindStringSubmatch(lines.Text()); match != nil {
			r.url = match[1]
		}
		if match := mqttLine.FindStringSubmatch(lines.Text()); match != nil {
			r.mqtt = match[1]
		}
	}
	require.NotEmpty(t, r.mqtt, "the system was never ready: %v", lines.Err())
	go io.Copy(io.Discard, reader)
	return r
}

func port(t *testing.T, address string) string {
	_, port, err := net.SplitHostPort(strings.TrimPrefix(address, "http://"))
	require.NoError(t, err)
	return port
}

func TestRunServesUntilTheFirstSignal(t *testing.T) {
	s := testSettings(t)
	system := begin(t, s)
	for _, path := range []string{"/webhooks/emqx/x", "/api/v1/trace"} {
		response, err := http.Get(system.url + path)
		require.NoError(t, err)
		response.Body.Close()
		require.Equal(t, http.StatusOK, response.StatusCode, path)
	}
	connect(t, system.mqtt)

	require.NoError(t, system.stop())
	_, err := http.Get(system.url)
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	log, err := os.ReadFile(s.data("functions.log"))
	require.NoError(t, err)
	require.Contains(t, string(log), "recorder | FC Invoke Start")
	require.Contains(t, string(log), "recorder | FC PreStop End")
	calls := strings.Count(string(log), "recorder | FC Invoke End")
	require.Greater(t, calls, 2, "besides the start and the request, the broker reported events when it stopped")
	require.NoFileExists(t, s.data("control"))
}

// With S_YAML, the functions of another file must run. Its paths are relative to that file.
func TestRunHostsTheFunctionsOfAnotherFile(t *testing.T) {
	s := testSettings(t)
	s.file = "infra/operate/s.concurrent.yaml"
	system := begin(t, s)
	response, err := http.Get(system.url + "/webhooks/emqx/x")
	require.NoError(t, err)
	defer response.Body.Close()
	var received struct{ Environ []string }
	require.NoError(t, json.NewDecoder(response.Body).Decode(&received))
	require.Contains(t, received.Environ, "BEHIND_FUNCTION_COMPUTE=true")
	require.Contains(t, received.Environ, "HOST=127.0.0.1")
	require.NoError(t, compactData(t.Context(), s, io.Discard))
	require.NoError(t, system.stop())
}

// connect connects an MQTT client, which stays connected until the broker disconnects it.
func connect(t *testing.T, address string) {
	t.Helper()
	connection, err := net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { connection.Close() })
	packet := "\x00\x04MQTT\x04\xc2\x00\x3c" + "\x00\x01c" + "\x00\x06device" + "\x00\x07devpass"
	_, err = io.WriteString(connection, "\x10"+string(rune(len(packet)))+packet)
	require.NoError(t, err)
	accepted := make([]byte, 4)
	_, err = io.ReadFull(connection, accepted)
	require.NoError(t, err)
	require.Equal(t, []byte{0x20, 2, 0, 0}, accepted)
}

func TestUsedPortsAndDataAreNamed(t *testing.T) {
	s := testSettings(t)
	system := begin(t, s)

	require.ErrorContains(t, run(s, nil, io.Discard), "in use by another `make run`")

	other := testSettings(t)
	other.port = port(t, system.url)
	require.EqualError(t, run(other, nil, io.Discard), "port "+other.port+" on 127.0.0.1 is in use: stop the program that uses it, or set PORT to another port")

	other = testSettings(t)
	other.mqttPort = port(t, system.mqtt)
	require.EqualError(t, run(other, nil, io.Discard), "port "+other.mqttPort+" on 127.0.0.1 is in use: stop the program that uses it, or set MQTT_PORT to another port")

	other = testSettings(t)
	other.port = "nonsense"
	require.ErrorContains(t, run(other, nil, io.Discard), `listen on port "nonsense" of 127.0.0.1, set by PORT`)
}

func TestCompactRunsOnceInARunningSystemOrAlone(t *testing.T) {
	s := testSettings(t)
	calls := func() int {
		log, err := os.ReadFile(s.data("functions.log"))
		require.NoError(t, err)
		return strings.Count(string(log), "compactor | FC Invoke End")
	}
	system := begin(t, s)
	var out strings.Builder
	require.NoError(t, compactData(t.Context(), s, &out))
	require.Equal(t, "Compacted. Partitions: 0, merges: 0, objects before: 0, after: 0.\n"+nothingToMerge+"\n", out.String())
	require.NoError(t, system.stop())
	require.Equal(t, 2, calls(), "one at the start of the system, one to compact")

	require.NoError(t, compactData(t.Context(), s, io.Discard))
	require.Equal(t, 1, calls(), "the log starts empty")
	require.FileExists(t, s.data("functions.log.1"), "the previous log is kept")
}

func TestControlNeedsItsPassword(t *testing.T) {
	s := testSettings(t)
	begin(t, s)
	info, err := os.Stat(s.data("control"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.ErrorContains(t, fireInRunning(t.Context(), s, "absent"), `no function "absent"`)

	text, err := os.ReadFile(s.data("control"))
	require.NoError(t, err)
	wrong := regexp.MustCompile(`"password":"[^"]*"`).ReplaceAll(text, []byte(`"password":"x"`))
	require.NoError(t, os.WriteFile(s.data("control"), wrong, 0o600))
	require.ErrorContains(t, fireInRunning(t.Context(), s, "compactor"), "send the password")
}

func TestFunctionThatCannotStartEndsTheRun(t *testing.T) {
	s := testSettings(t)
	t.Chdir(t.TempDir())
	require.ErrorContains(t, run(s, nil, io.Discard), "read functions")

	require.NoError(t, os.CopyFS(".", os.DirFS(repository)))
	require.NoError(t, os.Remove(".build/query/query"))
	err := run(s, nil, io.Discard)
	require.ErrorContains(t, err, `start function "query"`)

	text, err := os.ReadFile("s.yaml")
	require.NoError(t, err)
	text = regexp.MustCompile(`OPENAPI_KEYS: .*`).ReplaceAll(text, []byte(`STATUS: "503"`))
	require.NoError(t, os.WriteFile("s.yaml", text, 0o644))
	require.NoError(t, os.CopyFS(".build/query", os.DirFS(".build/recorder")))
	require.NoError(t, os.Rename(".build/query/recorder", ".build/query/query"))
	require.ErrorContains(t, run(s, nil, io.Discard), `start function "query": it responds with 503`)

	require.NoError(t, os.WriteFile("s.yaml", []byte("resources: {x: {}}"), 0o644))
	require.ErrorContains(t, run(s, nil, io.Discard), "read functions from \"s.yaml\": check properties:\n  edition: is \"\"; use 3.0.0")
}

func TestUsage(t *testing.T) {
	require.ErrorContains(t, command([]string{"other"}, testSettings(t)), "usage")
	s := testSettings(t)
	require.NoError(t, os.Mkdir(s.data("oss"), 0o755))
	require.ErrorContains(t, compactData(canceled(), s, io.Discard), "canceled")
}

func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
