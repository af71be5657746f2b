package operate

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every relative link on a page in this folder, or below it, must lead to an existing file and, if
// it has a fragment, to a heading of that file.
func TestLinks(t *testing.T) {
	require.NoError(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".md" {
			return err
		}
		for _, link := range regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(readFile(t, path), -1) {
			if !strings.Contains(link[1], "://") {
				requireTarget(t, path, link[1])
			}
		}
		return nil
	}))
}

func requireTarget(t *testing.T, page, link string) {
	t.Helper()
	target, anchor, _ := strings.Cut(link, "#")
	if target == "" {
		target = filepath.Base(page)
	}
	target = filepath.Join(filepath.Dir(page), target)
	_, err := os.Stat(target)
	require.NoError(t, err, "%s links to %s", page, link)
	if anchor != "" {
		require.Contains(t, anchorsOf(t, target), anchor, "%s links to %s", page, link)
	}
}

// anchorsOf returns the anchors of a page's headings, as code hosts derive them: lower case, hyphens
// for spaces, no punctuation.
func anchorsOf(t *testing.T, page string) (anchors []string) {
	t.Helper()
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(readFile(t, page), -1) {
		text := regexp.MustCompile(`[^\p{L}\p{N}_ -]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		anchors = append(anchors, strings.ReplaceAll(text, " ", "-"))
	}
	return anchors
}
