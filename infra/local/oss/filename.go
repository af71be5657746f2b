package oss

import (
	"errors"
	"path/filepath"
	"strings"
)

// An object's file lies where its key says, so that other tools can read the folder
// as it is: events/shard=4/day=2026-11-22/x.parquet is that file. For all other
// keys there is a rule too, which never gives two keys the same file:
//
//   - Bytes other than a-z, 0-9 and _ - . = are written %XX, capitals too, since
//     some file systems do not tell them apart.
//   - A folder's name has no dot (%2E) and a file's name has one, ".%" at its end if
//     need be, so that "a" and "a/b" can both be there.
//   - An empty folder's name is "%".
//   - A folder's name of more than maxName characters goes on in the next one, which is
//     marked by "%+" at the end of the first; a file's name is preceded by such folders.
const (
	maxName  = 200
	goesOn   = "%+"
	nameless = "%"
	dotless  = ".%"
)

var errNotAFileOfOurs = errors.New("its name is not one that we give")

// fileOf is the path of the object under key, relative to the folder of objects.
func fileOf(key string) string {
	parts := strings.Split(key, "/")
	last := len(parts) - 1
	var names []string
	for _, part := range parts[:last] {
		names = append(names, folders(part)...)
	}
	return filepath.Join(append(names, file(parts[last])...)...)
}

func folders(part string) []string {
	if part == "" {
		return []string{nameless}
	}
	return split(escapeName(part, ""))
}

func file(part string) []string {
	name := escapeName(part, ".")
	if len(name) > maxName {
		chunks := split(escapeName(part, ""))
		chunks[len(chunks)-1] += dotless
		return chunks
	}
	if strings.HasPrefix(name, ".") {
		name = "%2E" + name[1:] // neither hidden nor one of the two special ones
	}
	if !strings.Contains(name, ".") {
		name += dotless
	}
	return []string{name}
}

// escapeName escapes all bytes but the plain ones, which are those of more too.
func escapeName(part, more string) string {
	const hexDigits = "0123456789ABCDEF"
	var name strings.Builder
	for _, b := range []byte(part) {
		if plain(b) || strings.IndexByte(more, b) >= 0 {
			name.WriteByte(b)
			continue
		}
		name.WriteString("%" + string(hexDigits[b>>4]) + string(hexDigits[b&15]))
	}
	return name.String()
}

func plain(b byte) bool {
	return 'a' <= b && b <= 'z' || '0' <= b && b <= '9' || b == '_' || b == '-' || b == '='
}

// split cuts a name where it gets too long, all but the last piece marked.
func split(name string) []string {
	var names []string
	for len(name) > maxName {
		cut := maxName
		if i := strings.LastIndexByte(name[:cut], '%'); i > cut-3 {
			cut = i // do not cut an escape in two
		}
		names = append(names, name[:cut]+goesOn)
		name = name[cut:]
	}
	return append(names, name)
}

// keyOf is the key of the object in a file.
func keyOf(path string) (string, error) {
	var key strings.Builder
	names := strings.Split(filepath.ToSlash(path), "/")
	for i, name := range names {
		name, more := strings.CutSuffix(name, goesOn)
		if i == len(names)-1 {
			name = strings.TrimSuffix(name, dotless)
		} else if name == nameless {
			name = ""
		}
		part, err := unescapeName(name)
		if err != nil {
			return "", err
		}
		key.WriteString(part)
		if !more && i < len(names)-1 {
			key.WriteByte('/')
		}
	}
	if fileOf(key.String()) != filepath.FromSlash(path) {
		return "", errNotAFileOfOurs
	}
	return key.String(), nil
}

func unescapeName(name string) (string, error) {
	var part strings.Builder
	for i := 0; i < len(name); i++ {
		if name[i] != '%' {
			part.WriteByte(name[i])
			continue
		}
		if i+2 >= len(name) {
			return "", errNotAFileOfOurs
		}
		high, low := strings.IndexByte("0123456789ABCDEF", name[i+1]), strings.IndexByte("0123456789ABCDEF", name[i+2])
		if high < 0 || low < 0 {
			return "", errNotAFileOfOurs
		}
		part.WriteByte(byte(high<<4 | low))
		i += 2
	}
	return part.String(), nil
}
