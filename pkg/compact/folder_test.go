package compact_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/compact"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
)

// folder is a store that keeps objects as files, so that they take no memory in the process. Its
// only instance is "i".
type folder string

func (f folder) file(key string) string { return filepath.Join(string(f), url.PathEscape(key)) }

func (f folder) Put(_ context.Context, key string, body io.ReaderAt, size int64) error {
	file, err := os.Create(f.file(key))
	if err != nil {
		return err
	}
	_, err = io.Copy(file, io.NewSectionReader(body, 0, size))
	return errors.Join(err, file.Close())
}

func (f folder) Read(_ context.Context, key string, off, n int64) ([]byte, error) {
	file, err := os.Open(f.file(key))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data := make([]byte, n)
	_, err = file.ReadAt(data, off)
	return data, err
}

func (f folder) List(_ context.Context, prefix, after string) (page objstore.Page, err error) {
	entries, err := os.ReadDir(string(f))
	for _, e := range entries {
		key, unescaped := url.PathUnescape(e.Name())
		info, stated := e.Info()
		err = errors.Join(err, unescaped, stated)
		if err == nil && strings.HasPrefix(key, prefix) && key > after {
			page.Objects = append(page.Objects, objstore.Object{Key: key, Size: info.Size(), Modified: noon})
		}
	}
	slices.SortFunc(page.Objects, func(a, b objstore.Object) int { return strings.Compare(a.Key, b.Key) })
	return page, err
}

func (f folder) Prefixes(context.Context, string, string) (objstore.PrefixPage, error) {
	return objstore.PrefixPage{Prefixes: []string{layout.InstancePrefix("i")}}, nil
}

func (f folder) Delete(_ context.Context, keys ...string) error {
	var errs []error
	for _, key := range keys {
		if err := os.Remove(f.file(key)); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// newFolder returns an empty bucket in a new folder.
func newFolder(t *testing.T) folder {
	f := folder(t.TempDir())
	require.NoError(t, f.Put(t.Context(), layout.Layout{Shards: 16}.Marker(), strings.NewReader(""), 0))
	return f
}

// The test binary also serves as a helper process that compacts the bucket in a folder. These
// environment variables name the bucket and the directory for staged files. If hangVariable is set,
// the process hangs when it puts an output.
const (
	bucketVariable = "COMPACT_TEST_BUCKET"
	stageVariable  = "COMPACT_TEST_STAGE"
	hangVariable   = "COMPACT_TEST_HANG"
)

func TestMain(m *testing.M) {
	if os.Getenv(bucketVariable) == "" {
		os.Exit(m.Run())
	}
	if err := help(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// help compacts the bucket and prints the peak memory of the process in KiB.
func help() error {
	var store compact.Store = folder(os.Getenv(bucketVariable))
	if os.Getenv(hangVariable) != "" {
		store = hanging{store}
	}
	c, err := compact.New(store, compact.Config{Quiet: 1, Dir: os.Getenv(stageVariable), Now: func() time.Time { return later }})
	if err != nil {
		return err
	}
	report, err := c.Run(context.Background(), compact.Share{})
	if err != nil {
		return err
	}
	if len(report.Failed)+len(report.Unreadable)+report.Missed > 0 {
		return fmt.Errorf("compact: %+v", report)
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	_, peak, _ := strings.Cut(string(status), "VmHWM:")
	_, err = fmt.Println(strings.Fields(peak)[0])
	return err
}

// hanging is a store that prints a line at the first put and never finishes the put.
type hanging struct{ compact.Store }

func (h hanging) Put(context.Context, string, io.ReaderAt, int64) error {
	fmt.Println("staged")
	select {}
}

// helper returns a command that runs a helper process, which compacts the bucket and stages its
// outputs in dir. more holds additional environment variables.
func helper(t *testing.T, bucket folder, dir string, more ...string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), bucketVariable+"="+string(bucket), stageVariable+"="+dir)
	cmd.Env = append(cmd.Env, more...)
	cmd.Stderr = os.Stderr
	return cmd
}
