package e2e

import (
	"context"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/objstore"
)

// files is the bucket of a stack that is not up, read where it lies on disk.
type files struct {
	paths   map[string]string // by key
	objects []objstore.Object
}

func (s *stack) bucket(t *testing.T) *files {
	t.Helper()
	f := &files{paths: map[string]string{}}
	for name, path := range s.objects(t, "") {
		f.paths[strings.TrimSuffix(name, ".%")] = path // so the OSS stand-in ends a file's name that had no dot
	}
	for _, key := range slices.Sorted(maps.Keys(f.paths)) {
		info, err := os.Stat(f.paths[key])
		require.NoError(t, err)
		f.objects = append(f.objects, objstore.Object{Key: key, Size: info.Size()})
	}
	return f
}

func (f *files) List(_ context.Context, prefix, after string) (page objstore.Page, err error) {
	for _, o := range f.objects {
		if strings.HasPrefix(o.Key, prefix) && o.Key > after {
			page.Objects = append(page.Objects, o)
		}
	}
	return page, nil
}

func (f *files) Read(_ context.Context, key string, off, n int64) ([]byte, error) {
	file, err := os.Open(f.paths[key])
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data := make([]byte, n)
	_, err = file.ReadAt(data, off)
	return data, err
}
