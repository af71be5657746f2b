package operate

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
)

// Each broker's page must end with a section that shows whether the set-up works. It must run `ops
// why` for the instance that the page sends to, and say what a wrong token looks like.
func TestBrokerPagesEndWithACheck(t *testing.T) {
	pages, err := filepath.Glob("brokers/*.md")
	require.NoError(t, err)
	require.Greater(t, len(pages), len(broker.Names()))
	for _, page := range pages {
		if filepath.Base(page) == "README.md" {
			continue
		}
		sections := sectionsOf(readFile(t, page))
		last := sections[len(sections)-1]
		require.Equal(t, "See that it works", last.title, page)
		commands := strings.Join(last.commands, "")
		require.Regexp(t, `(?m)^ops why \S+ -instance [a-z0-9-]+$`, commands, page)
		requireShell(t, page, commands)
		require.Regexp(t, "401|Unauthorized", readFile(t, page)[strings.LastIndex(readFile(t, page), "## See that"):], page)
	}
}

// requireShell checks that bash can parse commands.
func requireShell(t *testing.T, page, commands string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-n")
	cmd.Stdin = strings.NewReader(commands)
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s: %s\n%s", page, output, commands)
}

// The two files for EMQX may differ only in where they send events, and in TLS.
func TestLocalEMQXFile(t *testing.T) {
	deployed, local := hoconOf(t, "brokers/emqx.hocon"), hoconOf(t, "brokers/emqx.local.hocon")
	require.Contains(t, deployed, `url = "https://trace.example.com"`)
	require.Contains(t, local, `url = "http://host.docker.internal:8080"`)
	require.Contains(t, local, `"authorization" = "Bearer WEBHOOK_TOKEN"`)
	deployed = regexp.MustCompile(`(?s)  ssl \{.*?\n  \}\n`).ReplaceAllString(deployed, "")
	for _, pattern := range []string{`url = ".*"`, `path = "/webhooks/emqx/.*"`} {
		require.Regexp(t, pattern, local)
		deployed, local = regexp.MustCompile(pattern).ReplaceAllString(deployed, ""), regexp.MustCompile(pattern).ReplaceAllString(local, "")
	}
	require.Equal(t, deployed, local)
	page := readFile(t, "brokers/emqx.md")
	require.Contains(t, page, "-instance emqx-local\n")
	require.Contains(t, page, "HOST=0.0.0.0 make run\n")
}

// hoconOf returns a file without its comments.
func hoconOf(t *testing.T, path string) string {
	t.Helper()
	text := regexp.MustCompile(`(?m)^#.*\n`).ReplaceAllString(readFile(t, path), "")
	require.Equal(t, strings.Count(text, "{"), strings.Count(text, "}"), path)
	return text
}
