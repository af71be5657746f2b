package imports

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
)

const root = "../../.."

// TestSourcesAreNamedInTheirPackageOnly checks that production code names sources only in
// pkg/broker. Code elsewhere must use the constants, traits and functions of pkg/broker. Adding a
// source then changes only one package.
func TestSourcesAreNamedInTheirPackageOnly(t *testing.T) {
	for _, file := range productionFiles(t) {
		if strings.HasPrefix(file, "pkg/broker/") || strings.HasPrefix(file, "infra/operate/forwarder/") {
			continue // the forwarder reads the logs of some sources
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		require.Empty(t, sourceNames(parsed), "%s names sources; use the constants, traits and functions of pkg/broker", file)
	}
}

func TestSourceNamesAreFound(t *testing.T) {
	const code = "package p\nconst a, b, c, d = \"emqx\", `nanomq`, \"emqx is a broker\", \"events\"\n"
	parsed, err := parser.ParseFile(token.NewFileSet(), "p.go", code, 0)
	require.NoError(t, err)
	require.Equal(t, []string{"emqx", "nanomq"}, sourceNames(parsed))
}

// sourceNames returns the string literals in a file that equal the name of a source. It omits
// the source named "events", because that word has other uses.
func sourceNames(file *ast.File) (found []string) {
	names := broker.Names()
	ast.Inspect(file, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			text, _ := strconv.Unquote(literal.Value)
			if text != broker.Events && slices.Contains(names, text) {
				found = append(found, text)
			}
		}
		return true
	})
	return found
}

// productionFiles lists the Go files of all modules, except tests. The paths are relative
// to root.
func productionFiles(t *testing.T) (files []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && path != root:
			return fs.SkipDir
		case filepath.Ext(path) == ".go" && !strings.HasSuffix(path, "_test.go"):
			relative, err := filepath.Rel(root, path)
			files = append(files, filepath.ToSlash(relative))
			return err
		}
		return nil
	})
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}
