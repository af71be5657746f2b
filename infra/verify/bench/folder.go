package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"devicetrace/pkg/objstore"
)

// folder is a store on local disk: an object is the file that its key names, as with
// the OSS stand-in, which may serve the same folder afterwards. It is for measuring:
// nothing is synced, and keys are those of our layout.
type folder string

var _ objstore.Store = folder("")

// dotless ends the file of a key without a dot.
const dotless = ".%"

func (f folder) path(key string) string {
	if last := key[strings.LastIndexByte(key, '/')+1:]; last != "" && !strings.Contains(last, ".") {
		key += dotless
	}
	return filepath.Join(string(f), filepath.FromSlash(key))
}

// Put shows the object by a rename.
func (f folder) Put(_ context.Context, key string, body io.ReaderAt, size int64) error {
	path := f.path(key)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.CreateTemp(string(f), ".put-*")
	if err != nil {
		return err
	}
	_, err = io.Copy(file, io.NewSectionReader(body, 0, size))
	if err = errors.Join(err, file.Chmod(0o644), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

func (f folder) Read(_ context.Context, key string, off, n int64) ([]byte, error) {
	file, err := os.Open(f.path(key))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data := make([]byte, n)
	if _, err := file.ReadAt(data, off); err != nil {
		return nil, fmt.Errorf("%w: %w", objstore.ErrRange, err)
	}
	return data, nil
}

// List needs prefixes that end with a slash.
func (f folder) List(_ context.Context, prefix, after string) (page objstore.Page, err error) {
	err = f.list(prefix, func(o objstore.Object) {
		if o.Key > after {
			page.Objects = append(page.Objects, o)
		}
	})
	slices.SortFunc(page.Objects, func(a, b objstore.Object) int { return strings.Compare(a.Key, b.Key) })
	if page.More = len(page.Objects) > objstore.MaxPage; page.More {
		page.Objects = page.Objects[:objstore.MaxPage]
	}
	return page, err
}

func (f folder) list(prefix string, visit func(objstore.Object)) error {
	entries, err := os.ReadDir(f.path(prefix))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		key := prefix + strings.TrimSuffix(entry.Name(), dotless)
		if entry.IsDir() {
			if err := f.list(key+"/", visit); err != nil {
				return err
			}
			continue
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted a moment ago
		}
		if err != nil {
			return err
		}
		visit(objstore.Object{Key: key, Size: info.Size(), Modified: info.ModTime().UTC()})
	}
	return nil
}

func (f folder) Delete(_ context.Context, keys ...string) error {
	for _, key := range keys {
		if err := os.Remove(f.path(key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
