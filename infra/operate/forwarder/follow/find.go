package follow

import (
	"cmp"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// find opens a file for which p.isIn returns true, that is, a file that contains the position. It
// tries the file at the given path and the rotated files beside it. If several files qualify, find
// prefers the one whose inode number is p.Inode. If none qualifies, find returns nil.
func (p position) find(path string) (found *os.File) {
	for _, name := range candidates(path) {
		file, err := os.Open(name)
		if err != nil {
			continue
		}
		if p.isIn(file) && (found == nil || inode(file) == p.Inode) {
			file, found = found, file
		}
		if file != nil {
			_ = file.Close()
		}
	}
	return found
}

// isIn reports whether the file is the log named p.Log and has a line that starts at p.Offset.
func (p position) isIn(file *os.File) bool {
	if nameOf(file) != p.Log {
		return false
	}
	if p.Offset == 0 {
		return true
	}
	before := make([]byte, 1)
	_, err := file.ReadAt(before, p.Offset-1)
	return err == nil && before[0] == '\n'
}

// rotatedSince opens the rotated logs that were modified at or after the given time, except those
// for which isKnown returns true. It returns them sorted from oldest to newest. Of several files
// with the same log, it returns the largest; the others are copies. A file that cannot be read is
// skipped, and so is one without a whole line.
func rotatedSince(since time.Time, path string, isKnown func(*logFile) bool) (logs []*logFile) {
	for _, name := range candidates(path) {
		if info, err := os.Stat(name); err != nil || name == path || info.ModTime().Before(since) {
			continue
		}
		file, err := os.Open(name)
		if err != nil {
			slog.Warn("skipped a file beside the log that may be a rotated log", "error", err.Error())
			continue
		}
		l := &logFile{file: file}
		if !l.identify() || isKnown(l) {
			l.close()
			continue
		}
		logs = append(logs, l)
	}
	slices.SortFunc(logs, func(a, b *logFile) int {
		return cmp.Or(a.position.Modified.Compare(b.position.Modified), cmp.Compare(a.position.Log, b.position.Log))
	})
	return withoutCopies(logs)
}

// withoutCopies closes and leaves out all but the largest of the files that hold the same log.
func withoutCopies(logs []*logFile) (kept []*logFile) {
	for _, l := range logs {
		i := slices.IndexFunc(kept, func(k *logFile) bool { return k.position.Log == l.position.Log })
		switch {
		case i < 0:
			kept = append(kept, l)
		case l.size() > kept[i].size():
			kept[i].close()
			kept[i] = l
		default:
			l.close()
		}
	}
	return kept
}

// candidates returns the paths of the files that may hold a log. The candidates are the file at the
// given path and the rotated files beside it, such as mosquitto.log.1, mosquitto.log-20261122 and
// event-1.log. Compressed files are omitted.
func candidates(path string) (names []string) {
	folder, base := filepath.Split(path)
	entries, _ := os.ReadDir(cmp.Or(folder, "."))
	for _, entry := range entries {
		isNamed := strings.HasPrefix(entry.Name(), base) || isNumbered(entry.Name(), base)
		isLog := isNamed && (entry.Type().IsRegular() || entry.Name() == base)
		if isLog && !slices.Contains(ignoredSuffixes, filepath.Ext(entry.Name())) {
			names = append(names, folder+entry.Name())
		}
	}
	return names
}

// isNumbered reports whether name is base with a hyphen and a number inserted before the extension.
func isNumbered(name, base string) bool {
	extension := filepath.Ext(base)
	number, isSame := strings.CutPrefix(name, strings.TrimSuffix(base, extension)+"-")
	number, hasExtension := strings.CutSuffix(number, extension)
	return isSame && hasExtension && number != "" && strings.Trim(number, "0123456789") == ""
}

var ignoredSuffixes = []string{".gz", ".xz", ".bz2", ".zst", newSuffix}

// inode returns the inode number of a file, or 0 if the number is unknown.
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

// modified returns the time at which a file was last modified, or the zero time if it is unknown.
func modified(file *os.File) time.Time {
	info, err := file.Stat()
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}
