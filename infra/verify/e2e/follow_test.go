package e2e

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFollowingTheDeployPage runs the step «See that it works» of the deploy page against a stack. The
// stack takes the place of the domain, because its functions run on the local function host.
func TestFollowingTheDeployPage(t *testing.T) {
	t.Parallel()
	s := newStackWith(t, "WEBHOOK_TOKEN=local", "QUERY_TOKEN=local")
	commands := documentCommands(t, "infra/operate/README.md", "8. See that it works")
	require.Len(t, commands, 1)
	output := s.shell(t, inFolder(t, strings.ReplaceAll(commands[0], "https://$DOMAIN", "http://127.0.0.1:8080")))
	require.NotContains(t, output, "✗")
	require.Contains(t, output, "✓")
}

// TestBrokerPageOfEvents builds `ops` with the command of the brokers' overview, and then runs the
// commands at the end of the page about the form `events`. The verdict must name the missed keep
// alive.
func TestBrokerPageOfEvents(t *testing.T) {
	t.Parallel()
	s := newStackWith(t, "WEBHOOK_TOKEN=local", "QUERY_TOKEN=local")
	build, _, found := strings.Cut(documentCommands(t, "infra/operate/brokers/README.md", "See that it works")[0], "\n")
	require.True(t, found)
	commands := documentCommands(t, "infra/operate/brokers/events.md", "See that it works")
	require.Len(t, commands, 1)
	script := build + "\nexport DEVICE_TRACE_URL=http://127.0.0.1:8080\n" + strings.ReplaceAll(commands[0], "ops why", ".build/ops why")
	output := s.shell(t, inFolder(t, script))
	require.Contains(t, output, `{"recorded":2}`)
	require.Contains(t, output, "keep alive")
}

// inFolder makes a command put its binaries into a temporary folder instead of the project's own
// .build, because another process may be using that.
func inFolder(t *testing.T, command string) string {
	t.Helper()
	return strings.ReplaceAll(command, ".build/", t.TempDir()+"/")
}
