package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// operator is the operator's command, for a stack.
type operator struct {
	stack  *stack
	binary string
}

func newOperator(t *testing.T, s *stack) operator {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "ops")
	cmd := exec.Command("go", "build", "-o", binary, "./infra/ops")
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return operator{s, binary}
}

// run is what a command says, and its exit status.
func (o operator) run(t *testing.T, arguments ...string) (status int, out, err string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), o.binary, arguments...)
	cmd.Env = []string{"DEVICE_TRACE_URL=" + o.stack.url(""), "ADMIN_TOKEN=" + adminToken}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		require.NotNil(t, cmd.ProcessState, err)
	}
	return cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()
}

var quarantineID = regexp.MustCompile(`\d{4}-\d{2}-\d{2}-[0-9a-f]{32}`)

// TestQuarantine: what could not be understood is listed, shown as it came, and
// replayed as often as one likes.
func TestQuarantine(t *testing.T) {
	t.Parallel()
	s := newStackWith(t, "ADMIN_TOKEN="+adminToken)
	ops := newOperator(t, s)
	began := time.Now()
	day := began.UTC().Format(time.DateOnly)
	trace := func(client string) []row {
		return s.trace(t, question("q", client, began.Add(-time.Minute), time.Now())).rows(t)
	}

	status, out, err := ops.run(t, "quarantine", "list", "-day", day)
	require.Equal(t, 0, status, err)
	require.Equal(t, day+": 0 items in quarantine.\n", out)

	bad := `[{"client_id":"good","action":"connect"},{"client_id":"bad","action":"explode"},{"client_id":"good","action":"close"}]`
	require.Equal(t, 400, s.post(t, "/webhooks/events/q", []byte(bad), nil).status)
	before := trace("good")
	require.Len(t, before, 2)
	status, out, err = ops.run(t, "quarantine", "list", "-day", day)
	require.Equal(t, 0, status, err)
	require.Regexp(t, ` +events +q +\d+ +1 +item 1, action: must be connect, close or disconnect +`+day+`-[0-9a-f]{32}\n`+day+": 1 item in quarantine.\n$", out)
	badID := quarantineID.FindString(out)

	status, out, err = ops.run(t, "quarantine", "show", badID)
	require.Equal(t, 0, status, err)
	require.Equal(t, bad, out)
	require.Contains(t, err, ", route events, instance q\nitem 1, action: must be connect, close or disconnect\n")

	for range 2 {
		status, out, err = ops.run(t, "quarantine", "replay", badID)
		require.Equal(t, 1, status, err)
		require.Contains(t, out, "[1/1] "+badID+"  recorded 2 events, still not understood: item 1, action: must be connect, close or disconnect\n")
		require.Equal(t, before, trace("good"), "what was recorded at first is not doubled")
	}

	// What was wrong with this one is not in the body: it is understood without.
	header := map[string][]string{"X-Log-Position": {strings.Repeat("x", 2000)}}
	require.Equal(t, 400, s.post(t, "/webhooks/events/q", []byte(`{"client_id":"late","action":"connect"}`), header).status)
	require.Empty(t, trace("late"))
	for range 2 {
		status, out, err = ops.run(t, "quarantine", "replay", "-day", day)
		require.Equal(t, 1, status, err)
		require.Contains(t, out, "2 items replayed, 1 understood, 3 events recorded.\n")
		require.Len(t, trace("late"), 1)
	}
	late := trace("late")[0]
	require.Equal(t, "received", late.TimeOrigin)
	require.Equal(t, late.Time, late.ReceivedAt.Truncate(time.Millisecond))
	require.Equal(t, before, trace("good"))
	require.Len(t, s.objects(t, "quarantine/"), 2, "nothing is deleted, and nothing kept again")

	s.compact(t)
	require.Equal(t, before, trace("good"))
	require.Len(t, trace("late"), 1)
}

// TestQuarantineIsClosed without the admin's token, and there is none without one.
func TestQuarantineIsClosed(t *testing.T) {
	t.Parallel()
	s := newStackWith(t, "ADMIN_TOKEN="+adminToken)
	for _, token := range []string{"", webhookToken, queryToken, "local"} {
		require.Equal(t, 401, s.send(t, "GET", "/webhooks/quarantine", "", "Authorization", "Bearer "+token).status)
	}
	ops := newOperator(t, &stack{port: s.port})
	status, _, err := ops.run(t, "quarantine", "show", "nonsense")
	require.Equal(t, 1, status)
	require.Contains(t, err, "ops: an id is a day and 32 hex digits")
	status, _, err = ops.run(t, "quarantine", "nonsense")
	require.Equal(t, 2, status)
	require.Contains(t, err, "usage:\n")
	s.interrupt(t)
	status, _, err = ops.run(t, "quarantine", "list")
	require.Equal(t, 1, status)
	require.Contains(t, err, "connection refused")
	_, err2 := os.Stat(filepath.Join(s.data, "functions.log"))
	require.NoError(t, err2)
}
