package agent

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReadme checks that README.md lists every tool with its arguments and its path, and that the
// request in its example works.
func TestReadme(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	for _, tool := range tools {
		var named []string
		for i, name := range tool.arguments {
			named = append(named, "`"+name+"`"+when(i >= tool.required, "?"))
		}
		require.Regexp(t, "(?m)^"+regexp.QuoteMeta("| `"+tool.name+"` | "+strings.Join(named, ", ")+" | ")+".*"+regexp.QuoteMeta(" | `"+tool.path+"` |")+"$", string(readme))
	}
	example := regexp.MustCompile(`-d '(.*)'`).FindSubmatch(readme)
	require.NotNil(t, example)
	r := post(t, newServer(t, story()...), "all", string(example[1]))
	require.Equal(t, http.StatusOK, r.status)
	require.Contains(t, r.body, "The instance has no events.")
}
