package broker_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
)

// setUpPages is the folder of the brokers' set-up pages. The folder's README lists the pages.
const setUpPages = "../../infra/operate/brokers"

// TestEverySourceHasItsPlaces checks that every source is complete, according to the list "How to
// add a broker" in pkg/README.md. Every source must have samples, tests, a set-up page and an entry
// in each list of sources.
func TestEverySourceHasItsPlaces(t *testing.T) {
	rows := regexp.MustCompile("(?m)^\\| \\[`([a-z0-9-]+)`\\]\\(([^)]+)\\)").FindAllStringSubmatch(read(t, setUpPages, "README.md"), -1)
	listed := []string{}
	for _, row := range rows {
		name, page := row[1], row[2]
		listed = append(listed, name)
		require.Contains(t, read(t, setUpPages, page), "/webhooks/"+name+"/", "the set-up page of %s", name)
		require.Contains(t, read(t, samples, "README.md"), "`"+name+"-*.json`", "the list of samples")
		require.Regexp(t, `\]\(infra/operate/\S*`+regexp.QuoteMeta(filepath.Base(page))+`\)`, read(t, "../../README.md"), "the list of brokers")
		allSamples(t, name)
		requireTests(t, name)
	}
	require.Equal(t, broker.Names(), listed, "the list of set-up pages has every source, in the order of the registry")
}

// requireTests checks that some test file calls requireSamples for the named source and also
// contains a fuzz target.
func requireTests(t *testing.T, name string) {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	require.NoError(t, err)
	require.True(t, slices.ContainsFunc(files, func(file string) bool {
		code := read(t, file)
		return strings.Contains(code, `requireSamples(t, "`+name+`"`) && strings.Contains(code, "\nfunc Fuzz")
	}), "the tests of %s", name)
}

func read(t *testing.T, elements ...string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(elements...))
	require.NoError(t, err)
	return string(raw)
}
