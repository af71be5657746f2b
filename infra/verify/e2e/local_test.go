package e2e

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestWrongVariablesAreNamed checks that a wrong environment variable ends `make run` with the
// reason in its last line.
func TestWrongVariablesAreNamed(t *testing.T) {
	t.Parallel()
	for variable, reason := range map[string]string{
		"LINGER=abc":           `environment variable LINGER is "abc", want a whole number from 0 to 2000`,
		"SHARDS=3":             `environment variable SHARDS is "3", want 16, 256 or 4096`,
		"RETENTION_DAYS=never": `environment variable RETENTION_DAYS`,
		"HOST=0.0.0.0":         `set WEBHOOK_TOKEN and QUERY_TOKEN`,
	} {
		s := &stack{data: t.TempDir(), port: "0", mqttPort: "0", env: []string{variable, "WEBHOOK_TOKEN=local"}}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		output, err := s.command(ctx).CombinedOutput()
		cancel()
		require.Error(t, err, variable)
		lines := strings.Split(strings.TrimSpace(string(output)), "\n")
		require.Contains(t, lines[len(lines)-1], reason, variable)
	}
}

// TestCompactSaysWhatItDid runs `make compact` right after events were recorded, and after they
// became due for a merge.
func TestCompactSaysWhatItDid(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	compact := func() string {
		output, err := s.command(t.Context(), "compact").CombinedOutput()
		require.NoError(t, err, string(output))
		return string(output)
	}
	from := runsBegin()
	s.record(t, "said", manyEvents("device", from, 10))
	require.Contains(t, compact(), "Compacted. Partitions: 1, merges: 0, objects before: 1, after: 1.\nNothing is due for a merge.")
	s.fillRuns(t, "said", "device", from)
	s.age(t)
	require.Regexp(t, `^Compacted\. Partitions: 1, merges: 1, objects before: \d+, after: 1\.\n$`, compact())
}

// TestDemoFindsTheBroker checks that the demo fails at once if MQTT_PORT belongs to another broker.
func TestDemoFindsTheBroker(t *testing.T) {
	t.Parallel()
	s, other := newStack(t), newStack(t)
	cmd := exec.CommandContext(t.Context(), "go", "run", "./infra/local/demo")
	cmd.Dir = filepath.FromSlash(root)
	cmd.Env = append(cmd.Environ(), "PORT="+s.port, "MQTT_PORT="+other.mqttPort, "HOST=")
	began := time.Now()
	output, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(output), "listens on port "+s.mqttPort+": set MQTT_PORT to "+s.mqttPort)
	require.Less(t, time.Since(began), patience)
}
