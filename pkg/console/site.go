package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"io/fs"
	"maps"
	"path"
	"slices"
)

//go:embed page
var embedded embed.FS

// indexName is the name of the HTML file, which is a template.
const indexName = "index.html"

// site holds every file that the handler serves.
type site struct {
	index   file
	version string
	files   map[string]file // by file name
}

// load reads the files and renders the index. It panics on any error, because the files are
// embedded in the program and an error is therefore a bug.
func load(from fs.FS) site {
	contents := map[string][]byte{}
	entries := must(fs.ReadDir(from, "page"))
	for _, entry := range entries {
		contents[entry.Name()] = must(fs.ReadFile(from, path.Join("page", entry.Name())))
	}
	s := site{version: versionOf(contents), files: map[string]file{}}
	s.index = newFile(indexName, renderIndex(contents, s.version), "no-cache")
	delete(contents, indexName)
	for name, content := range contents {
		s.files[name] = newFile(name, content, "public, max-age=31536000, immutable")
	}
	return s
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// versionOf returns a hash of the names and contents of all files.
func versionOf(contents map[string][]byte) string {
	hash := sha256.New()
	for _, name := range sortedNames(contents) {
		digest := sha256.Sum256(contents[name])
		hash.Write([]byte(name + "\n"))
		hash.Write(digest[:])
	}
	return hex.EncodeToString(hash.Sum(nil)[:8])
}

func sortedNames(contents map[string][]byte) []string { return slices.Sorted(maps.Keys(contents)) }

// renderIndex inserts the paths of the other files into index.html. The result names all
// modules, so that a browser requests them at once instead of discovering them one by one.
func renderIndex(contents map[string][]byte, version string) []byte {
	var modules []string
	for _, name := range sortedNames(contents) {
		if path.Ext(name) == ".js" {
			modules = append(modules, name)
		}
	}
	var b bytes.Buffer
	t := template.Must(template.New(indexName).Parse(string(contents[indexName])))
	err := t.Execute(&b, map[string]any{"Base": prefix + version + "/", "Modules": modules})
	return must(b.Bytes(), err)
}
