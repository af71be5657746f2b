package main

import (
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/compact"
)

func TestWelcomePrintsCommandsWithTheSettings(t *testing.T) {
	text := welcome(readSettings(of(nil)), "8080", "1883")
	require.Contains(t, text, "\n  make demo\n  make compact\n  make check\n")
	require.Contains(t, text, "http://127.0.0.1:8080/?instance=local#token=local\n")

	text = welcome(readSettings(of(map[string]string{"PORT": "0", "DATA_DIR": "/tmp/it's mine", "QUERY_TOKEN": "secret-q", "MQTT_USER": "me"})), "9080", "2883")
	require.Contains(t, text, "\n  PORT=9080 MQTT_PORT=2883 QUERY_TOKEN=… MQTT_USER=me make demo\n"+
		`  DATA_DIR='/tmp/it'\''s mine' make compact`+"\n"+`  DATA_DIR='/tmp/it'\''s mine' make check`+"\n")
	require.Contains(t, text, "http://127.0.0.1:9080/?instance=local (enter")
	require.NotContains(t, text, "secret-q")

	text = welcome(readSettings(of(map[string]string{"HOST": "192.0.2.1", "S_YAML": "infra/operate/s.concurrent.yaml"})), "8080", "1883")
	require.Contains(t, text, "\n  HOST=192.0.2.1 make demo\n  S_YAML=infra/operate/s.concurrent.yaml make compact\n")
}

// A command on a folder without data must say what to do, and must not create the folder.
func TestCommandsOnNoDataSayWhatToDo(t *testing.T) {
	s := testSettings(t)
	system := begin(t, s)
	other := testSettings(t)
	other.dataDir = t.TempDir() + "/none"
	for _, command := range []func(settings) error{
		func(s settings) error { return compactData(t.Context(), s, io.Discard) },
		func(s settings) error { return checkData(t.Context(), s, io.Discard) },
	} {
		other.port = "1"
		require.ErrorContains(t, command(other), "/none\" has no data: start `make run` first, or set DATA_DIR to the folder that `make run` used")
		other.port = port(t, system.url)
		require.ErrorContains(t, command(other), "the `make run` on port "+other.port+" uses another folder: set DATA_DIR="+s.dataDir)
	}
	require.NoDirExists(t, other.dataDir)
	require.NoError(t, system.stop())
}

func TestDescribeSaysWhatTheCompactorDid(t *testing.T) {
	var out strings.Builder
	describe(&out, compact.Report{Partitions: 3, Merges: 2}, 40, 7)
	require.Equal(t, "Compacted. Partitions: 3, merges: 2, objects before: 40, after: 7.\n", out.String())
	out.Reset()
	describe(&out, compact.Report{
		Partitions: 3, Failed: map[string]string{"instance=a/shard=1/day=2026-11-22": "no space"}, Stuck: []string{"instance=b/shard=1/day=2026-11-22"},
	}, 7, 7)
	require.Contains(t, out.String(), nothingToMerge)
	require.Contains(t, out.String(), `Failed: "instance=a/shard=1/day=2026-11-22": no space`)
	require.Contains(t, out.String(), `Failed: "instance=b/shard=1/day=2026-11-22": no higher level`)
}

func TestLogRemembersRecords(t *testing.T) {
	log, err := openFunctionLog(t.TempDir() + "/functions.log")
	require.NoError(t, err)
	require.Zero(t, log.latest("recorder", startFailed).number)
	for _, line := range []string{"recorder | FC Invoke Start", `recorder | {"msg":"start failed","error":"one"}`, `recorder | {"msg":"start failed","error":"two"}`, "nonsense"} {
		_, err := log.Write([]byte(line + "\n"))
		require.NoError(t, err)
	}
	r, found := log.await(t.Context(), "recorder", startFailed, 1)
	require.True(t, found)
	require.Equal(t, "two", r.Error)
	_, found = log.await(canceled(), "recorder", startFailed, 2)
	require.False(t, found)
	require.NoError(t, log.Close())
	text, err := os.ReadFile(log.Name())
	require.NoError(t, err)
	require.Equal(t, 4, strings.Count(string(text), "\n"))
}
