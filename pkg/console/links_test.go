package console

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// linkParameter matches a parameter that a module reads from the page's URL.
var linkParameter = regexp.MustCompile(`\b(?:get|instant|read)\('(\w+)'`)

// TestEveryParameterOfALinkIsDocumented checks that the README lists exactly the parameters that the
// page reads from its URL.
func TestEveryParameterOfALinkIsDocumented(t *testing.T) {
	content, err := os.ReadFile("README.md")
	require.NoError(t, err)
	device, fleet, found := strings.Cut(string(content), "### The fleet\n")
	require.True(t, found)
	_, device, found = strings.Cut(device, "### One device\n")
	require.True(t, found)
	require.Equal(t, parametersOf(t, "address.js"), tableOf(device))
	require.Equal(t, parametersOf(t, "fleetaddress.js"), tableOf(fleet))
	common, _, _ := strings.Cut(string(content), "### One device\n")
	require.Equal(t, linkedPreferences(t), tableOf(common))
}

// parametersOf returns the sorted parameters that a module reads from the URL.
func parametersOf(t *testing.T, module string) []string {
	t.Helper()
	source, err := os.ReadFile("page/" + module)
	require.NoError(t, err)
	names := map[string]bool{}
	for _, match := range linkParameter.FindAllStringSubmatch(string(source), -1) {
		names[match[1]] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// linkedPreferences returns the sorted parameters that preferences.js reads from the URL.
func linkedPreferences(t *testing.T) []string {
	t.Helper()
	source, err := os.ReadFile("page/preferences.js")
	require.NoError(t, err)
	list := regexp.MustCompile(`const linked = \[(.*)\]`).FindStringSubmatch(string(source))
	require.NotNil(t, list)
	return names(list[1], "'")
}

// tableOf returns the sorted names in the first column of the tables in a text.
func tableOf(text string) (all []string) {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "| `") {
			first, _, _ := strings.Cut(line[2:], "|")
			all = append(all, names(first, "`")...)
		}
	}
	slices.Sort(all)
	return all
}

// names returns the sorted words in the text that are enclosed in the given quotation mark.
func names(text, quote string) (all []string) {
	for _, match := range regexp.MustCompile(quote+`(\w+)`+quote).FindAllStringSubmatch(text, -1) {
		all = append(all, match[1])
	}
	slices.Sort(all)
	return all
}
