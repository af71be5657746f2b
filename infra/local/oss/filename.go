package oss

import (
	"encoding/hex"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
)

// Normally an object's file has the object's key as its path, so that other tools can read the
// folder. For example, events/instance=prod/shard=4/day=2026-11-22/x.parquet is both a key and a
// file's path. Three rules keep the files of different keys apart:
//
//   - File names contain a dot and folder names do not, so that "a" and "a/b" can both exist. If a
//     key has no dot in its last part, the file's name is that part plus the suffix ".%".
//   - Bytes that are not in plainBytes are written as "%" and two lowercase hex digits. Capitals are
//     among them, because some file systems ignore case. Dots in the names of folders and at the start of a
//     file's name are written in the same way. DuckDB decodes them: to it, the folder
//     "instance=%50rod" belongs to the instance "Prod".
//   - If a key has an empty part, or a part that would become too long, its file's path is "%/" and
//     the key in hexadecimal.
const (
	dotless = ".%"
	encoded = "%/"
	maxName = 200 // the length of each part of a path, without ".%"; file systems allow 255 bytes
)

const plainBytes = "abcdefghijklmnopqrstuvwxyz0123456789_=-"

// fileOf returns the path of an object's file relative to the folder Dir/objects.
func fileOf(key string) string {
	parts := strings.Split(key, "/")
	last := len(parts) - 1
	for i, part := range parts {
		parts[i] = escaped(part, i == last)
		if part == "" || len(parts[i]) > maxName {
			return hexFileOf(key)
		}
	}
	if !strings.Contains(parts[last], ".") {
		parts[last] += dotless
	}
	return filepath.Join(parts...)
}

// escaped returns a part of a key as the name of a file or, if isFile is false, of a folder.
func escaped(part string, isFile bool) string {
	var b strings.Builder
	for i := range len(part) {
		isDot := part[i] == '.' && isFile && i > 0
		if isDot || strings.IndexByte(plainBytes, part[i]) >= 0 {
			b.WriteByte(part[i])
		} else {
			fmt.Fprintf(&b, "%%%02x", part[i])
		}
	}
	return b.String()
}

// hexFileOf returns the path that holds the whole key in hexadecimal.
func hexFileOf(key string) string {
	path, rest := encoded, hex.EncodeToString([]byte(key))
	for len(rest) > maxName {
		path, rest = path+rest[:maxName]+"/", rest[maxName:]
	}
	return filepath.FromSlash(path + rest + dotless)
}

// keyOf returns the key of the object stored in the file at the given path. If the file holds no
// object, ok is false.
func keyOf(path string) (key string, ok bool) {
	key, err := url.PathUnescape(strings.TrimSuffix(filepath.ToSlash(path), dotless))
	if err == nil && fileOf(key) == path {
		return key, true
	}
	key, ok = keyInHex(path)
	return key, ok && fileOf(key) == path
}

// keyInHex returns the key that a path holds in hexadecimal. ok is false if the path is not in this
// form.
func keyInHex(path string) (key string, ok bool) {
	text, found := strings.CutPrefix(strings.TrimSuffix(filepath.ToSlash(path), dotless), encoded)
	decoded, err := hex.DecodeString(strings.ReplaceAll(text, "/", ""))
	key = string(decoded)
	return key, found && err == nil && hexFileOf(key) == path
}
