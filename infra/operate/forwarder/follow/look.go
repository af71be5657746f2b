package follow

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"time"
)

// Look checks whether the log at the configured path was created, rotated or truncated, and opens new
// logs. Next does the same. A caller that delivers a chunk for a long time must call Look now and
// then, because a log that is open can be read even if it is then compressed or removed. Look saves
// nothing.
func (f *Follower) Look() error {
	f.reopen()
	if err := f.openCurrent(); err != nil {
		return err
	}
	for _, l := range f.logs {
		f.hasNew = l.identify() || f.hasNew
	}
	return nil
}

// openCurrent opens the file at the configured path, and the logs that were rotated away since the
// follower last looked. It does nothing if that file is already open and still holds the same log.
func (f *Follower) openCurrent() error {
	file, err := os.Open(f.config.Path)
	if errors.Is(err, fs.ErrNotExist) { // the file does not exist yet or is just being rotated
		f.warnMissing()
		return nil
	}
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(f.logs, func(l *logFile) bool { return l.isIn(file) }); i >= 0 {
		known := f.logs[i]
		at := modified(file) // before wasReplaced, so that it is not the time of a replacement
		if !known.wasReplaced() {
			known.position.Modified = at
			f.logs = append(slices.Delete(f.logs, i, i+1), known)
			return file.Close()
		}
		// The file was emptied in place, perhaps after its content was copied to another file.
		// The copy then still holds the undelivered lines. Close the file, so that reopen looks
		// for the copy.
		known.close()
	}
	current := &logFile{file: file}
	f.logs = append(f.logs, append(f.missed(current), current)...)
	f.reopen()
	return nil
}

// missed returns the logs that came between the last known log and the current one, oldest first.
// There are such logs if the log was rotated more than once since the follower last looked.
func (f *Follower) missed(current *logFile) []*logFile {
	since := time.Time{}
	if len(f.logs) > 0 {
		since = f.logs[len(f.logs)-1].position.Modified
	} else if !f.readsAll {
		return nil
	}
	currentName := nameOf(current.file)
	missed := rotatedSince(since, f.config.Path, func(l *logFile) bool {
		return l.position.Log == currentName || current.isIn(l.file) || f.knows(l)
	})
	f.hasNew = f.hasNew || len(missed) > 0
	return missed
}

// knows reports whether the follower is reading the given log or has finished it. The given file may
// be a copy of the log.
func (f *Follower) knows(l *logFile) bool {
	return slices.Contains(f.finished, l.position.Log) || slices.ContainsFunc(f.logs, func(known *logFile) bool {
		return known.position.Log == l.position.Log || known.isIn(l.file)
	})
}

// reopen tries to find and open the file of each log that has no open file.
func (f *Follower) reopen() {
	for _, l := range f.logs {
		if l.file == nil {
			l.file = l.position.find(f.config.Path)
		}
	}
}

// warnMissing logs a warning if no log has been found so far, because the path may be wrong. It
// logs this warning only once.
func (f *Follower) warnMissing() {
	if len(f.logs) == 0 && !f.warnedMissing {
		f.warnedMissing = true
		slog.Warn("the log does not exist yet: waiting for it; check -log if this does not end", "path", f.config.Path)
	}
}
