// Package operate tests the pages in this folder: their commands, numbers and links.
package operate

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const root = "../.."

// The page that shows how to deploy, and its Chinese edition.
const (
	english = "README.md"
	chinese = "README.zh.md"
)

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}

// section is a part of a page under a heading of the second level.
type section struct {
	title    string
	commands []string // the indented blocks, without the indentation
}

// sectionsOf returns the sections of a Markdown page in order.
func sectionsOf(page string) (sections []section) {
	for _, part := range strings.Split("\n"+page, "\n## ")[1:] {
		title, text, _ := strings.Cut(part, "\n")
		s := section{title: title}
		for _, block := range regexp.MustCompile(`(?m)(?:^    .*\n)+`).FindAllString(text, -1) {
			s.commands = append(s.commands, regexp.MustCompile(`(?m)^    `).ReplaceAllString(block, ""))
		}
		sections = append(sections, s)
	}
	return sections
}

// stepsOf returns the numbered sections of a page, in order. Step 1 is the first element.
func stepsOf(t *testing.T, path string) (steps []section) {
	t.Helper()
	for _, s := range sectionsOf(readFile(t, path)) {
		if regexp.MustCompile(`^\d+\. `).MatchString(s.title) {
			steps = append(steps, s)
		}
	}
	return steps
}

// requiredVariables returns the variables that s.yaml uses without a default.
func requiredVariables(t *testing.T) (names []string) {
	t.Helper()
	seen := map[string]bool{}
	for _, match := range regexp.MustCompile(`\$\{env\('([A-Z_]+)'\)\}`).FindAllStringSubmatch(readFile(t, root+"/s.yaml"), -1) {
		if !seen[match[1]] {
			names = append(names, match[1])
		}
		seen[match[1]] = true
	}
	return names
}
