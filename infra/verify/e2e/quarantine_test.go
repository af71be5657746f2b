package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// operator runs ops, the operator's command, against a stack.
type operator struct {
	stack  *stack
	binary string
}

func newOperator(t *testing.T, s *stack) operator {
	t.Helper()
	binary, err := buildOps()
	require.NoError(t, err)
	return operator{s, binary}
}

// buildOps builds ops when it is first called, and returns the path of the binary.
var buildOps = sync.OnceValues(func() (string, error) {
	binary := filepath.Join(built, ".build", "ops")
	cmd := exec.Command("go", "build", "-trimpath", "-o", binary, "./infra/operate/ops")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build ops: %w\n%s", err, out)
	}
	return binary, nil
})

// run executes ops with the given arguments and returns its exit status, standard output and
// standard error.
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

// TestQuarantine checks that an operator can list input that was not understood, show it unchanged,
// and replay it repeatedly.
func TestQuarantine(t *testing.T) {
	t.Parallel()
	s := newStackWith(t, "ADMIN_TOKEN="+adminToken, "RETENTION_DAYS=1")
	ops := newOperator(t, s)
	day, began := oneDay().Format(time.DateOnly), time.Now()
	trace := func(client string, ago time.Duration) []row {
		at := began.Add(-ago)
		return s.trace(t, question("q", client, at.Add(-time.Minute), at.Add(time.Hour))).rows(t)
	}

	status, out, err := ops.run(t, "quarantine", "list", "-day", day)
	require.Equal(t, 0, status, err)
	require.Equal(t, day+": 0 items in quarantine.\n", out)

	bad := `[{"client_id":"good","action":"connect"},{"client_id":"bad","action":"explode"},{"client_id":"good","action":"close"}]`
	require.Equal(t, 400, s.post(t, "/webhooks/events/q", []byte(bad), nil).status)
	before := trace("good", 0)
	require.Len(t, before, 2)
	status, out, err = ops.run(t, "quarantine", "list", "-day", day)
	require.Equal(t, 0, status, err)
	require.Regexp(t, ` +events +q +\d+ +1 +item 1, action: "explode" is not known; use connect, close or disconnect +`+day+`-[0-9a-f]{32}\n`+day+": 1 item in quarantine.\n$", out)
	badID := quarantineID.FindString(out)

	status, out, err = ops.run(t, "quarantine", "show", badID)
	require.Equal(t, 0, status, err)
	require.Equal(t, bad, out)
	require.Contains(t, err, ", route events, instance q\nitem 1, action: \"explode\" is not known; use connect, close or disconnect\n")

	for range 2 {
		status, out, err = ops.run(t, "quarantine", "replay", badID)
		require.Equal(t, 1, status, err)
		require.Contains(t, out, "[1/1] "+badID+"  recorded 2 events, still not understood: item 1, action: \"explode\" is not known; use connect, close or disconnect\n")
		require.Equal(t, before, trace("good", 0), "events recorded before must not appear twice")
	}

	// The recorder rejects this event only because it is older than the retention. Once the
	// retention has been extended, a replay records the event.
	const ago = 48 * time.Hour
	old := fmt.Sprintf(`{"client_id":"old","action":"connect","time":%d}`, began.Add(-ago).UnixMilli())
	require.Equal(t, 400, s.post(t, "/webhooks/events/q", []byte(old), nil).status)
	require.Empty(t, trace("old", ago))
	s.interrupt(t)
	stopped := time.Now()
	s.env = []string{"ADMIN_TOKEN=" + adminToken}
	s.start(t)
	for range 2 {
		status, out, err = ops.run(t, "quarantine", "replay", "-day", day)
		require.Equal(t, 1, status, err)
		require.Contains(t, out, "2 items replayed, 1 understood, 3 events recorded.\n")
		require.Len(t, trace("old", ago), 1)
	}
	require.True(t, trace("old", ago)[0].ReceivedAt.Before(stopped), "the received time must be the first one")
	require.Equal(t, before, trace("good", 0))
	require.Len(t, s.objects(t, "quarantine/"), 2, "a replay must neither delete nor add items")

	s.compact(t)
	require.Equal(t, before, trace("good", 0))
	require.Len(t, trace("old", ago), 1)
}

// TestQuarantineIsClosed checks that access to the quarantine requires the admin token, and that
// ops reports invalid arguments and a server that is down.
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
