package imports

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPackagesImportWhatIsAboveThem checks the table in pkg/README.md. Every package of pkg
// must have a row, and may import only packages from earlier rows.
func TestPackagesImportWhatIsAboveThem(t *testing.T) {
	rank := map[string]int{}
	for i, name := range rowsOf(t) {
		rank[name] = i + 1
		require.DirExists(t, filepath.Join(root, "pkg", name))
	}
	for _, p := range graph(t) {
		importer, ok := productPackage(p.ImportPath)
		if !ok {
			continue
		}
		require.NotZero(t, rank[importer], "pkg/README.md has no row for pkg/%s", importer)
		for _, path := range p.Imports {
			if imported, ok := productPackage(path); ok && imported != importer {
				require.Less(t, rank[imported], rank[importer], "pkg/%s imports pkg/%s, which is not above it in the table of pkg/README.md", importer, imported)
			}
		}
	}
}

// rowsOf lists the packages in the table of pkg/README.md.
func rowsOf(t *testing.T) (packages []string) {
	t.Helper()
	readme, err := os.ReadFile(filepath.Join(root, "pkg/README.md"))
	require.NoError(t, err)
	for _, row := range regexp.MustCompile("(?m)^\\| \\[`([a-z]+)`\\]").FindAllStringSubmatch(string(readme), -1) {
		packages = append(packages, row[1])
	}
	return packages
}

// productPackage returns the name of the folder directly below pkg that contains a package. ok
// is false if the package is not in pkg.
func productPackage(path string) (name string, ok bool) {
	below, ok := strings.CutPrefix(path, module+"pkg/")
	name, _, _ = strings.Cut(below, "/")
	return name, ok
}

// TestNamedTestsExist checks that every test that pkg/README.md names exists in pkg.
func TestNamedTestsExist(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(root, "pkg/README.md"))
	require.NoError(t, err)
	tests, err := filepath.Glob(filepath.Join(root, "pkg/*/*_test.go"))
	require.NoError(t, err)
	var code strings.Builder
	for _, path := range tests {
		file, err := os.ReadFile(path)
		require.NoError(t, err)
		code.Write(file)
	}
	for _, name := range regexp.MustCompile("`(Test[A-Za-z]+)`").FindAllStringSubmatch(string(readme), -1) {
		require.True(t, strings.Contains(code.String(), "func "+name[1]+"("), "pkg/README.md names %s, which does not exist", name[1])
	}
}
