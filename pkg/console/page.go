package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"io/fs"
	"path"
	"slices"
)

//go:embed page
var embedded embed.FS

// indexName is the template of the page itself.
const indexName = "index.html"

// page is all that is served.
type page struct {
	index   file
	version string
	files   map[string]file // by name
}

// load reads the files. It panics where they cannot be read: they are part of the
// program.
func load(from fs.FS) page {
	contents := map[string][]byte{}
	entries := must(fs.ReadDir(from, "page"))
	for _, entry := range entries {
		contents[entry.Name()] = must(fs.ReadFile(from, path.Join("page", entry.Name())))
	}
	p := page{version: versionOf(contents), files: map[string]file{}}
	p.index = newFile(indexName, renderIndex(contents, p.version), "no-cache")
	delete(contents, indexName)
	for name, content := range contents {
		p.files[name] = newFile(name, content, "public, max-age=31536000, immutable")
	}
	return p
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// versionOf is a hash over all names and contents.
func versionOf(contents map[string][]byte) string {
	sum := sha256.New()
	for _, name := range names(contents) {
		digest := sha256.Sum256(contents[name])
		sum.Write([]byte(name + "\n"))
		sum.Write(digest[:])
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

func names(contents map[string][]byte) []string {
	all := make([]string, 0, len(contents))
	for name := range contents {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// renderIndex fills in where the files are. It names all modules, so that a browser
// asks for them at once and not as it discovers them.
func renderIndex(contents map[string][]byte, version string) []byte {
	var modules []string
	for _, name := range names(contents) {
		if path.Ext(name) == ".js" {
			modules = append(modules, name)
		}
	}
	var b bytes.Buffer
	t := template.Must(template.New(indexName).Parse(string(contents[indexName])))
	err := t.Execute(&b, map[string]any{"Base": prefix + version + "/", "Modules": modules})
	return must(b.Bytes(), err)
}
