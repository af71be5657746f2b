package follow

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// find opens the file that holds a log: the one at the path, or beside it under a
// name that starts alike, as rotation leaves it. The file that it was last seen in is
// taken first. It is nil where no file holds the log up to the place.
func (p place) find(path string) *os.File {
	var found *os.File
	for _, name := range alike(path) {
		file, err := os.Open(name)
		if err != nil {
			continue
		}
		if !p.isIn(file) || found != nil && inode(file) != p.Inode {
			_ = file.Close()
			continue
		}
		if found != nil {
			_ = found.Close()
		}
		found = file
	}
	return found
}

// isIn reports whether a file holds the log, and a line ends at the place.
func (p place) isIn(file *os.File) bool {
	if nameOf(file) != p.ID {
		return false
	}
	if p.Offset == 0 {
		return true
	}
	before := make([]byte, 1)
	_, err := file.ReadAt(before, p.Offset-1)
	return err == nil && before[0] == '\n'
}

// rotated opens the logs beside the one at the path that were written to since a
// moment and are not known, oldest first.
func rotated(path string, since time.Time, known []*log) ([]*log, error) {
	var logs []*log
	var ages []time.Time
	for _, name := range alike(path) {
		info, err := os.Stat(name)
		if err != nil || name == path || info.ModTime().Before(since) {
			continue
		}
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(known, func(l *log) bool { return l.isIn(file) }) {
			_ = file.Close()
			continue
		}
		at, _ := slices.BinarySearchFunc(ages, info.ModTime(), time.Time.Compare)
		logs, ages = slices.Insert(logs, at, &log{file: file}), slices.Insert(ages, at, info.ModTime())
	}
	return logs, nil
}

// alike are the files whose names begin with the path: mosquitto.log,
// mosquitto.log.1, mosquitto.log-20261122. Compressed ones are left out.
func alike(path string) (names []string) {
	folder, base := filepath.Split(path)
	entries, _ := os.ReadDir(cmp.Or(folder, "."))
	for _, entry := range entries {
		isLog := strings.HasPrefix(entry.Name(), base) && (entry.Type().IsRegular() || entry.Name() == base)
		if isLog && !slices.Contains(noLogs, filepath.Ext(entry.Name())) {
			names = append(names, folder+entry.Name())
		}
	}
	return names
}

// noLogs are the ends of names of files that are no logs to be read.
var noLogs = []string{".gz", ".xz", ".bz2", ".zst", newSuffix}

// inode is the file's number in its file system.
func inode(file *os.File) uint64 {
	info, err := file.Stat()
	if err != nil {
		return 0
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(stat.Ino)
	}
	return 0
}
