package oss

import (
	"encoding/hex"
	"path/filepath"
	"regexp"
	"strings"
)

// Normally an object's file has the object's key as its path, so that other tools can read the
// folder. For example, events/instance=prod/shard=4/day=2026-11-22/x.parquet is both a key and a
// file's path. Two rules keep the files of different keys apart:
//
//   - File names contain a dot and folder names do not, so that "a" and "a/b" can both exist. If a
//     key has no dot in its last part, the file's name is that part plus the suffix ".%".
//   - If a key does not match plainKey, its file's path is "%/" and the key in hexadecimal. For
//     example, keys with capitals do not match, because some file systems ignore case.
const (
	dotless = ".%"
	encoded = "%/"
	maxName = 200 // the length of each part of a hexadecimal path; file systems allow 255 bytes
)

var plainKey = regexp.MustCompile(`^([a-z0-9_=-]{1,200}/)*[a-z0-9_=-][a-z0-9_=.-]{0,199}$`)

// fileOf returns the path of an object's file relative to the folder Dir/objects.
func fileOf(key string) string {
	if plainKey.MatchString(key) {
		if strings.Contains(key, ".") {
			return filepath.FromSlash(key)
		}
		return filepath.FromSlash(key + dotless)
	}
	path, rest := encoded, hex.EncodeToString([]byte(key))
	for len(rest) > maxName {
		path, rest = path+rest[:maxName]+"/", rest[maxName:]
	}
	return filepath.FromSlash(path + rest + dotless)
}

// keyOf returns the key of the object stored in the file at the given path. If the file holds no
// object, ok is false.
func keyOf(path string) (key string, ok bool) {
	key = strings.TrimSuffix(filepath.ToSlash(path), dotless)
	if text, found := strings.CutPrefix(key, encoded); found {
		decoded, err := hex.DecodeString(strings.ReplaceAll(text, "/", ""))
		if err != nil {
			return "", false
		}
		key = string(decoded)
	}
	return key, fileOf(key) == path
}
