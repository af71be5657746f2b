package console

import (
	"encoding/json"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// texts returns the messages of one language by key. The file with the given name contains them as
// a JSON object after "export default".
func texts(t *testing.T, name string) map[string]string {
	t.Helper()
	content, found := strings.CutPrefix(sources(t)[name], "export default ")
	require.True(t, found)
	content, found = strings.CutSuffix(content, ";\n")
	require.True(t, found)
	var all map[string]string
	require.NoError(t, json.Unmarshal([]byte(content), &all))
	require.Equal(t, len(all), strings.Count(content, `": "`), "a key occurs twice in %s", name)
	return all
}

var placeholder = regexp.MustCompile(`\{\w+\}`)

func placeholders(text string) []string {
	found := placeholder.FindAllString(text, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

// TestLanguages checks that both languages have the same messages, with the same placeholders.
func TestLanguages(t *testing.T) {
	en, zh := texts(t, "en.js"), texts(t, "zh.js")
	for key, text := range en {
		require.NotEmpty(t, text, key)
		require.NotEmpty(t, zh[key], key)
		require.Equal(t, placeholders(text), placeholders(zh[key]), key)
	}
	require.Len(t, zh, len(en))
}

// TestColumns checks that the columns have exactly the same names as on ApsaraMQ's page.
func TestColumns(t *testing.T) {
	en := texts(t, "en.js")
	require.Equal(t, []string{"Channel ID", "Device Action", "Action Description", "Time"},
		[]string{en["column.channel"], en["column.action"], en["column.info"], en["column.time"]})
}

var (
	requested  = regexp.MustCompile(`(?:text|phrase)\('([^']+)'`)
	marked     = regexp.MustCompile(`data-text(?:-\w+)?="([^"]+)"`)
	literal    = regexp.MustCompile(`'([^'\n]+)'`)
	composed   = regexp.MustCompile("`([^`\n]+)`")
	beginsAKey = regexp.MustCompile(`^[a-z]+\.|\}\.[a-z]+$`)
	inserted   = regexp.MustCompile(`\$\{[^}]*\}`)
)

// TestTextsAreUsed checks that every message that the page uses exists, and that the page uses
// every message, except those with the prefix "text.", which are for the plain texts of the API.
func TestTextsAreUsed(t *testing.T) {
	en := texts(t, "en.js")
	used := map[string]bool{}
	var patterns []*regexp.Regexp
	for name, content := range sources(t) {
		if name == "en.js" || name == "zh.js" || path.Ext(name) == ".css" {
			continue
		}
		for _, match := range slices.Concat(requested.FindAllStringSubmatch(content, -1), marked.FindAllStringSubmatch(content, -1)) {
			require.Contains(t, en, match[1], name)
			used[match[1]] = true
		}
		for _, match := range literal.FindAllStringSubmatch(content, -1) {
			used[match[1]] = true
		}
		for _, match := range composed.FindAllStringSubmatch(content, -1) {
			if beginsAKey.MatchString(match[1]) {
				patterns = append(patterns, patternOf(match[1]))
			}
		}
	}
	for key := range en {
		require.True(t, used[key] || strings.HasPrefix(key, "text.") || slices.ContainsFunc(patterns, func(p *regexp.Regexp) bool { return p.MatchString(key) }), "%s is not used", key)
	}
}

// patternOf returns a pattern that matches every key that the given template literal can produce.
func patternOf(literal string) *regexp.Regexp {
	parts := inserted.Split(literal, -1)
	for i, part := range parts {
		parts[i] = regexp.QuoteMeta(part)
	}
	return regexp.MustCompile("^" + strings.Join(parts, ".+") + "$")
}
