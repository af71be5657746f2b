package console

import (
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/diagnose"
	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
)

// sources returns the contents of all files in page/ by file name.
func sources(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	entries, err := fs.ReadDir(embedded, "page")
	require.NoError(t, err)
	for _, entry := range entries {
		content, err := fs.ReadFile(embedded, path.Join("page", entry.Name()))
		require.NoError(t, err)
		all[entry.Name()] = string(content)
	}
	return all
}

// forbidden maps a file extension to patterns that must not match anywhere in such files. The
// patterns under "" apply to all files.
var forbidden = map[string][]string{
	"": {
		`https?://`, `["'(]//`, // URLs of other hosts
	},
	".html": {
		`<script(?: type="module")?>`, `<style`, `\sstyle=`, `\son[a-z]+=`, `javascript:`,
	},
	".js": {
		`innerHTML`, `insertAdjacentHTML`, `outerHTML\s*=`, `document\.write`, `DOMParser`, `createContextualFragment`, `srcdoc`, // markup built from strings
		`\beval\(`, `new Function`, `import\(`, `setTimeout\(['"]`, // these run strings as code
		`cssText`, `\.style\s*=`, `['"]style['"]`, `\bstyle:`, // style attributes
	},
	".css": {
		`@import`, `url\(`, `@font-face`,
	},
}

// namespace is the only URL that the files may contain. It identifies SVG elements, and browsers
// load nothing from it.
const namespace = "http://www.w3.org/2000/svg"

// TestNothingExternalOrInline checks that no file loads anything from another origin or contains
// inline scripts or styles.
func TestNothingExternalOrInline(t *testing.T) {
	for name, content := range sources(t) {
		content = strings.ReplaceAll(content, namespace, "")
		for _, kind := range []string{"", path.Ext(name)} {
			for _, pattern := range forbidden[kind] {
				require.NotRegexp(t, regexp.MustCompile(pattern), content, name)
			}
		}
	}
}

var anyImport = regexp.MustCompile(`(?m)^import `)

var imported = regexp.MustCompile(`(?m)^import .*from '\./([^']+)';$|^import '\./([^']+)';$`)

// TestImports checks that every import names an existing file. It also checks that every module is
// imported, except the two that index.html loads as scripts.
func TestImports(t *testing.T) {
	all := sources(t)
	used := map[string]bool{"app.js": true, "theme.js": true}
	for name, content := range all {
		if path.Ext(name) != ".js" {
			continue
		}
		require.Equal(t, len(anyImport.FindAllString(content, -1)), len(imported.FindAllString(content, -1)), name)
		for _, match := range imported.FindAllStringSubmatch(content, -1) {
			module := match[1] + match[2]
			require.Contains(t, all, module, name)
			used[module] = true
		}
	}
	for name := range all {
		if path.Ext(name) == ".js" {
			require.True(t, used[name], "%s is not imported", name)
		}
	}
}

// TestVocabulary checks every constant that the API can send as a value. For each constant, the
// page must have a list entry, a message or a color.
func TestVocabulary(t *testing.T) {
	all := sources(t)
	en := texts(t, "en.js")
	for _, info := range event.ActionInfos() {
		require.Contains(t, all["vocabulary.js"], "'"+string(info)+"'")
		require.Contains(t, en, "info."+string(info))
	}
	for _, action := range []event.Action{event.Connect, event.Close, event.Disconnect} {
		require.Contains(t, all["vocabulary.js"], "'"+string(action)+"'")
	}
	for _, kind := range []history.Kind{
		history.StillOpen, history.Unexplained, history.Disconnected, history.ClientClosed, history.NoHeart, history.Conflict,
		history.NotAuthorized, history.TopicDenied, history.Server, history.Invalid, history.IO,
	} {
		require.Regexp(t, `'?\b`+string(kind)+`\b'?`, all["kinds.js"])
		require.Contains(t, all["timeline.css"], ".kind-"+string(kind)+" {")
	}
	for _, state := range []history.State{history.Unknown, history.Online, history.Offline} {
		require.Contains(t, en, "status."+string(state))
	}
	for _, level := range []diagnose.Level{diagnose.Problem, diagnose.Notice, diagnose.Info} {
		require.Contains(t, en, "level."+string(level))
		require.Contains(t, all["results.css"], ".level-"+string(level)+" {")
	}
	for _, end := range []history.EndIs{history.Open, history.Reported, history.Inferred} {
		require.Contains(t, en, "end."+string(end))
	}
	require.Contains(t, all["span.js"], "const maxAhead = hour;")
	require.Equal(t, time.Hour, event.MaxAhead)
	for _, origin := range []event.TimeOrigin{event.FromBroker, event.FromReceiver} {
		require.Contains(t, en, "origin."+string(origin))
	}
}
