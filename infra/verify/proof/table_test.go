package proof_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every test named in the table of doc.go must exist. If the table names a folder before the
// test, the test must be in that folder. All other tests must be in this package.
func TestTheTableNamesTests(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	named := regexp.MustCompile(`(pkg/[a-z/]+): |(Test\w+)`)
	rows := regexp.MustCompile(`(?m)^//\t.*$`).FindAllString(string(doc), -1)
	require.Greater(t, len(rows), 20)
	for _, row := range rows {
		require.Regexp(t, named, row)
		for _, part := range strings.Split(row, "; ") {
			folder := "."
			for _, match := range named.FindAllStringSubmatch(part, -1) {
				if match[1] != "" {
					folder = filepath.Join("../../..", match[1])
					continue
				}
				require.True(t, declares(t, folder, match[2]), "%s has no %s", folder, match[2])
			}
		}
	}
}

// declares reports whether a test file in the folder declares the given test.
func declares(t *testing.T, folder, test string) bool {
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	require.NoError(t, err)
	for _, file := range files {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		if strings.Contains(string(source), "\nfunc "+test+"(") {
			return true
		}
	}
	return false
}
