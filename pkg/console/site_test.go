package console

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func siteOf(files map[string]string) site {
	from := fstest.MapFS{"page/index.html": {Data: []byte(`<script src="{{.Base}}a.js"></script>{{range .Modules}} {{.}}{{end}}`)}}
	for name, content := range files {
		from["page/"+name] = &fstest.MapFile{Data: []byte(content)}
	}
	return load(from)
}

// TestVersion checks that any change to any file changes the paths of all files.
func TestVersion(t *testing.T) {
	first := siteOf(map[string]string{"a.js": "1", "b.css": "2"})
	require.Regexp(t, `^[0-9a-f]{16}$`, first.version)
	require.Equal(t, first.version, siteOf(map[string]string{"a.js": "1", "b.css": "2"}).version)
	for _, other := range []map[string]string{
		{"a.js": "2", "b.css": "2"}, {"a.js": "1"}, {"a.js": "1", "c.css": "2"}, {"a.js": "1", "b.css": "2", "c.js": ""}, {"a.js": "2", "b.css": "1"},
	} {
		require.NotEqual(t, first.version, siteOf(other).version, other)
	}
}

func TestIndexNamesTheModules(t *testing.T) {
	s := siteOf(map[string]string{"a.js": "1", "b.css": "2", "c.js": "3"})
	require.Equal(t, `<script src="/console/`+s.version+`/a.js"></script> a.js c.js`, string(s.index.plain.content))
}
