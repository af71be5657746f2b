package e2e

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"
)

// TestReadme runs the commands in the section "Try it" of README.md in order. In place of `make
// run`, it starts a stack with the tokens that README.md uses.
func TestReadme(t *testing.T) {
	t.Parallel()
	s := newStackWith(t, "WEBHOOK_TOKEN=local", "QUERY_TOKEN=local", "ADMIN_TOKEN=local")
	commands := slices.DeleteFunc(documentCommands(t, "README.md", "Try it"), isSQL)
	require.Len(t, commands, 4)
	require.Equal(t, "make run", commands[0])
	require.Equal(t, "make demo", commands[1])

	demo := s.shell(t, commands[1])
	require.Contains(t, demo, "A simulated device for each cause")
	requireDemoOfWeeks(t, s, demo)
	require.JSONEq(t, `{"recorded":1}`, s.shell(t, commands[2]))
	trace, text, found := strings.Cut(s.shell(t, commands[3]), "\n")
	require.True(t, found)
	require.Contains(t, trace, `"client_id":"sensor-1"`)
	require.Contains(t, trace, `"action_info":"no heart"`)
	require.Contains(t, text, "sensor-1")
	require.Contains(t, text, "no heart")
	s.requireSQL(t, "README.md", "infra/operate/sql.md", "pkg/segment/FORMAT.md")
}

// requireDemoOfWeeks checks the last two single devices that the demo records: one with trouble for
// five days, and one that connected 20 days ago and is still online.
func requireDemoOfWeeks(t *testing.T, s *stack, demo string) {
	t.Helper()
	_, weeks, found := strings.Cut(demo, "A simulated device whose trouble began five days ago:")
	require.True(t, found)
	weeks, fleet, found := strings.Cut(weeks, "A simulated fleet of 300 devices")
	require.True(t, found)
	require.Contains(t, fleet, "view=fleet")
	links := regexp.MustCompile(`http\S+`).FindAllString(weeks, -1)
	require.Len(t, links, 2)
	troubled, silent := linked(t, links[0]), linked(t, links[1])
	require.Contains(t, string(s.get(t, "local", "diagnosis?"+troubled.Encode())), `"many-addresses"`)
	device := url.Values{"instance": silent["instance"], "client": silent["client"]}
	require.Contains(t, string(s.get(t, "local", "status?"+device.Encode())), `"state":"online"`)
}

// linked returns the parameters of a link to the page.
func linked(t *testing.T, link string) url.Values {
	t.Helper()
	address, err := url.Parse(link)
	require.NoError(t, err)
	return address.Query()
}

// TestSigningExample runs the two commands in events.md that show how to sign a request. The first
// command must record an event. The second prints a secret. A request that the Standard Webhooks
// library signs with this secret must be accepted.
func TestSigningExample(t *testing.T) {
	t.Parallel()
	s := newStackWith(t, "WEBHOOK_TOKEN=local")
	commands := documentCommands(t, "infra/operate/brokers/events.md", "Sign instead of sending the token")
	require.Len(t, commands, 2)
	require.JSONEq(t, `{"recorded":1}`, s.shell(t, commands[0]))
	signer, err := standardwebhooks.NewWebhook(strings.TrimSpace(s.shell(t, commands[1])))
	require.NoError(t, err)
	require.Equal(t, 200, s.send(t, "POST", "/webhooks/events/local", "[]", signedBy(t, signer, "[]")...).status)
}

// documentCommands returns the indented commands in the section with the given title of a Markdown
// document. Each command includes its continuation lines.
func documentCommands(t *testing.T, document, title string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, document))
	require.NoError(t, err)
	_, section, found := strings.Cut(string(text), "## "+title+"\n")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	var commands []string
	for _, block := range regexp.MustCompile(`(?m)(?:^    .*\n)+`).FindAllString(section, -1) {
		commands = append(commands, strings.TrimSpace(block))
	}
	return commands
}

// shell runs a command from a document against this stack, with the project's folder as the working
// directory. It returns the standard output.
func (s *stack) shell(t *testing.T, command string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-ec", strings.ReplaceAll(command, "127.0.0.1:8080", "127.0.0.1:"+s.port))
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "PORT="+s.port, "MQTT_PORT="+s.mqttPort, "DEVICE_TRACE_URL="+s.url(""))
	output, err := cmd.Output()
	require.NoError(t, err, "%s\n%s", command, output)
	return string(output)
}
