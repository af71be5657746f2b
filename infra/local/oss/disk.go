package oss

import (
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// disk keeps objects as files. An object arrives in a file below tmp and becomes
// the object by a rename, its commit point: a crash before leaves a file that
// openDisk removes, a crash after leaves the whole object. File, name and new
// folders are synced before the object shows in the index, and so before anybody
// is told of it.
type disk struct {
	objects, tmp string
	limit        atomic.Int64 // bytes of all objects; 0 is none
	index        *index

	seed  maphash.Seed
	locks [64]sync.RWMutex // by key: file and index entry change together
}

func openDisk(dir string, limit int64) (*disk, error) {
	d := &disk{
		objects: filepath.Join(dir, "objects"), tmp: filepath.Join(dir, "tmp"),
		seed: maphash.MakeSeed(),
	}
	d.limit.Store(limit)
	if err := os.RemoveAll(d.tmp); err != nil {
		return nil, fmt.Errorf("clear leftovers in %q: %w", d.tmp, err)
	}
	for _, path := range []string{d.objects, d.tmp} {
		if err := makeFolder(path); err != nil {
			return nil, fmt.Errorf("make folder %q: %w", path, err)
		}
	}
	entries, err := d.find()
	if err != nil {
		return nil, fmt.Errorf("find objects in %q: %w", d.objects, err)
	}
	d.index = newIndex(entries)
	return d, nil
}

// find lists the files that are objects. Others are none of our business.
func (d *disk) find() (entries []entry, err error) {
	err = filepath.WalkDir(d.objects, func(path string, file fs.DirEntry, err error) error {
		if err != nil || !file.Type().IsRegular() {
			return err
		}
		relative, err := filepath.Rel(d.objects, path)
		if err != nil {
			return err
		}
		key, err := keyOf(relative)
		if errors.Is(err, errNotAFileOfOurs) {
			return nil
		}
		info, err := file.Info()
		if err != nil {
			return err
		}
		entries = append(entries, entry{key, info.Size(), info.ModTime().UTC(), &sums{path: path}})
		return nil
	})
	return entries, err
}

func (d *disk) path(key string) string { return filepath.Join(d.objects, fileOf(key)) }

func (d *disk) lock(key string) *sync.RWMutex {
	return &d.locks[maphash.String(d.seed, key)%uint64(len(d.locks))]
}

// arrival is an object that is not one yet.
type arrival struct {
	path string
	size int64
	sums *sums
}

// receive writes size bytes of body to disk, no more, and not fewer. Discard what
// is not kept.
func (d *disk) receive(body io.Reader, size int64) (a arrival, err error) {
	f, err := os.CreateTemp(d.tmp, "put-*")
	if err != nil {
		return a, err
	}
	a.path, a.size = f.Name(), size
	hasher := newHasher()
	_, err = io.CopyN(io.MultiWriter(f, hasher), body, size)
	a.sums = hasher.sums()
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		d.discard(a)
	}
	return a, err
}

func (d *disk) discard(a arrival) { _ = os.Remove(a.path) }

// keep makes an arrival the object under key.
func (d *disk) keep(a arrival, key string, modified time.Time) error {
	lock := d.lock(key)
	lock.Lock()
	defer lock.Unlock()
	if limit := d.limit.Load(); limit > 0 && d.index.total(key)+a.size > limit {
		return errNoSpace
	}
	if err := os.Chtimes(a.path, modified, modified); err != nil {
		return err
	}
	path := d.path(key)
	if err := makeFolder(filepath.Dir(path)); err != nil {
		return err
	}
	if err := os.Rename(a.path, path); err != nil {
		return err
	}
	if err := syncFolder(filepath.Dir(path)); err != nil {
		return err
	}
	d.index.set(entry{key, a.size, modified.UTC(), a.sums})
	return nil
}

// open returns an object, its checksums taken, and its file, which stays what it is if the object is
// replaced meanwhile. fs.ErrNotExist: there is none.
func (d *disk) open(key string) (entry, *os.File, error) {
	lock := d.lock(key)
	lock.RLock()
	defer lock.RUnlock()
	e, known := d.index.get(key)
	if !known {
		return entry{}, nil, fs.ErrNotExist
	}
	f, err := os.Open(d.path(key))
	if err != nil {
		// The index has it: a file that is gone was taken by somebody else's hand.
		return entry{}, nil, fmt.Errorf("open the file of %q: %v", key, err)
	}
	if err := e.sums.take(); err != nil {
		return entry{}, nil, errors.Join(fmt.Errorf("take checksums of %q: %v", key, err), f.Close())
	}
	return e, f, nil
}

// takeSums takes the checksums of an object that was listed, unless it is gone or
// another by now.
func (d *disk) takeSums(e entry) error {
	if e.key == "" {
		return nil
	}
	lock := d.lock(e.key)
	lock.RLock()
	defer lock.RUnlock()
	if now, known := d.index.get(e.key); !known || now.sums != e.sums {
		return nil
	}
	return e.sums.take()
}

// remove deletes the objects under keys for which condition holds.
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

func (d *disk) removeOne(key string, condition func(entry) bool) (bool, error) {
	lock := d.lock(key)
	lock.Lock()
	defer lock.Unlock()
	e, known := d.index.get(key)
	if !known || !condition(e) {
		return false, nil
	}
	if err := os.Remove(d.path(key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	d.index.remove(key)
	return true, nil
}
