package oss

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"devicetrace/pkg/objstore"
)

// disk keeps each object as a file. A put first writes a new file below tmp and syncs it. Then the
// put renames the file to its final path, which is the commit point. A crash before the rename
// leaves an unfinished file, which openDisk removes. A crash after the rename leaves the whole
// object. The put returns only after it has also synced the folder of the final path.
type disk struct {
	objects, tmp string
	maxBytes     atomic.Int64 // the limit on the total size of all objects; zero means no limit

	mu    sync.RWMutex // held while a file and its entry change, so that the two always agree
	index index
}

func openDisk(dir string) (*disk, error) {
	d := &disk{
		objects: filepath.Join(dir, "objects"), tmp: filepath.Join(dir, "tmp"),
		index: index{entries: map[string]entry{}},
	}
	if err := os.RemoveAll(d.tmp); err != nil {
		return nil, fmt.Errorf("remove unfinished files in %q: %w", d.tmp, err)
	}
	for _, path := range []string{d.objects, d.tmp} {
		if err := makeFolder(path); err != nil {
			return nil, fmt.Errorf("make folder %q: %w", path, err)
		}
	}
	if err := d.find(); err != nil {
		return nil, fmt.Errorf("find objects in %q: %w", d.objects, err)
	}
	return d, nil
}

// find fills the index with the objects on disk. It ignores files that are not objects.
func (d *disk) find() error {
	var moved []string // the paths of objects whose files must move
	err := filepath.WalkDir(d.objects, func(path string, file fs.DirEntry, err error) error {
		if err != nil || !file.Type().IsRegular() {
			return err
		}
		relative, err := filepath.Rel(d.objects, path)
		if err != nil {
			return err
		}
		key, ok := keyOf(relative)
		if !ok {
			if key, ok = keyInHex(relative); !ok {
				return nil
			}
			moved = append(moved, relative)
		}
		info, err := file.Info()
		if err != nil {
			return err
		}
		d.index.set(entry{key, info.Size(), info.ModTime().UTC(), &checksums{}})
		return nil
	})
	for _, path := range moved {
		err = errors.Join(err, d.move(path))
	}
	return err
}

// move renames a file whose path holds the key in hexadecimal. Earlier versions wrote more keys
// in this form.
func (d *disk) move(path string) error {
	key, _ := keyInHex(path)
	if err := makeFolder(filepath.Dir(d.path(key))); err != nil {
		return err
	}
	return os.Rename(filepath.Join(d.objects, path), d.path(key))
}

func (d *disk) path(key string) string { return filepath.Join(d.objects, fileOf(key)) }

// arrival is a file that has been fully received but is not yet an object.
type arrival struct {
	path      string
	size      int64
	checksums *checksums
}

// receive writes the first size bytes of the body to a temporary file. It returns an error if the
// body is shorter. If it succeeds, the caller must call keep or discard with the returned arrival.
func (d *disk) receive(body io.Reader, size int64) (a arrival, err error) {
	f, err := os.CreateTemp(d.tmp, "put-*")
	if err != nil {
		return a, err
	}
	a = arrival{f.Name(), size, &checksums{}}
	limited := &io.LimitedReader{R: body, N: size}
	if err = a.checksums.compute(io.TeeReader(limited, f)); err == nil && limited.N > 0 {
		err = io.ErrUnexpectedEOF
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		d.discard(a)
	}
	return a, err
}

func (d *disk) discard(a arrival) { _ = os.Remove(a.path) }

// keep turns an arrival into the object under the given key. Even if keep returns an error, the
// object may have been stored.
func (d *disk) keep(a arrival, key string, modified time.Time) error {
	if err := os.Chtimes(a.path, modified, modified); err != nil {
		return err
	}
	folder := filepath.Dir(d.path(key))
	if err := makeFolder(folder); err != nil {
		return err
	}
	if err := d.commit(a, entry{key, a.size, modified.UTC(), a.checksums}); err != nil {
		return err
	}
	return syncFolder(folder)
}

func (d *disk) commit(a arrival, e entry) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if limit := d.maxBytes.Load(); limit > 0 && d.index.bytesWithout(e.key)+e.size > limit {
		return errNoSpace
	}
	if err := os.Rename(a.path, d.path(e.key)); err != nil {
		return err
	}
	d.index.set(e)
	return nil
}

// open is like openFile, but also makes sure that the object's checksums have been computed.
func (d *disk) open(key string) (entry, *os.File, error) {
	e, f, err := d.openFile(key)
	if err != nil {
		return entry{}, nil, err
	}
	if err := e.checksums.compute(io.NewSectionReader(f, 0, e.size)); err != nil {
		return entry{}, nil, errors.Join(fmt.Errorf("compute checksums of %q: %v", key, err), f.Close())
	}
	return e, f, nil
}

// openFile returns an object's entry and its open file. The file's content never changes, because a
// later put replaces the file instead of writing to it. The error is fs.ErrNotExist if and only if
// there is no object under key.
func (d *disk) openFile(key string) (entry, *os.File, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	e, known := d.index.entries[key]
	if !known {
		return entry{}, nil, fs.ErrNotExist
	}
	f, err := os.Open(d.path(key))
	if err != nil {
		// If the file is missing, another program has removed it. The error does not wrap its
		// cause, so that callers do not mistake it for fs.ErrNotExist.
		return entry{}, nil, fmt.Errorf("open the file of %q: %v", key, err)
	}
	return e, f, nil
}

// modified returns the time at which the object under key was last put. found is false if there is
// no such object.
func (d *disk) modified(key string) (at time.Time, found bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	e, found := d.index.entries[key]
	return e.modified, found
}

// scan calls index.scan with the index locked, so that the index does not change during the scan.
func (d *disk) scan(prefix, from string, visit func(entry) bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	d.index.scan(prefix, from, visit)
}

// list returns the first page of objects whose keys start with prefix and sort after the given key.
func (d *disk) list(prefix, after string) (page objstore.Page) {
	d.scan(prefix, after, func(e entry) bool {
		if e.key == after {
			return true
		}
		if page.More = len(page.Objects) == objstore.MaxPage; page.More {
			return false
		}
		page.Objects = append(page.Objects, objstore.Object{Key: e.key, Size: e.size, Modified: e.modified})
		return true
	})
	return page
}

// group lists the entries and the common prefixes below prefix; see index.group.
func (d *disk) group(prefix, after string) (entries []entry, prefixes []string, more bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.index.group(prefix, after)
}

// remove deletes each object under the given keys that meets the condition. It returns the number
// of deleted objects.
func (d *disk) remove(keys []string, condition func(entry) bool) (removed int, err error) {
	folders := map[string]bool{}
	for _, key := range keys {
		gone, err := d.removeOne(key, condition)
		if err != nil {
			return removed, err
		}
		if gone {
			removed++
			folders[filepath.Dir(d.path(key))] = true
		}
	}
	for folder := range folders {
		err = errors.Join(err, syncFolder(folder))
	}
	return removed, err
}

// always is a condition for the remove method. Every object meets it.
func always(entry) bool { return true }

func (d *disk) removeOne(key string, condition func(entry) bool) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e, known := d.index.entries[key]
	if !known || !condition(e) {
		return false, nil
	}
	if err := os.Remove(d.path(key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	d.index.remove(key)
	return true, nil
}
