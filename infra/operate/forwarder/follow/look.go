package follow

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
)

// look checks whether the log at the configured path was created, rotated or truncated. If there is
// a new log, look saves the log's position at once. If a crash follows, the next Follower can then
// find the new log even if the log was renamed in the meantime.
func (f *Follower) look() error {
	f.reopen()
	if err := f.openCurrent(); err != nil {
		return err
	}
	isNew := false
	for _, l := range f.logs {
		isNew = l.identify() || isNew
	}
	if isNew {
		return f.save()
	}
	return nil
}

// openCurrent opens the file at the configured path. It does nothing if that file is already open
// and still holds the same log.
func (f *Follower) openCurrent() error {
	file, err := os.Open(f.config.Path)
	if errors.Is(err, fs.ErrNotExist) { // the file does not exist yet or is just being rotated
		f.warnMissing()
		return nil
	}
	if err != nil {
		return err
	}
	if len(f.logs) > 0 {
		current := f.logs[len(f.logs)-1]
		isSame := current.isIn(file)
		if isSame && !current.wasReplaced() {
			return file.Close()
		}
		if isSame {
			// The file was emptied in place, perhaps after its content was copied to another file.
			// The copy then still holds the undelivered lines. Close the file, so that reopen looks
			// for the copy.
			current.close()
		}
	}
	f.logs = append(f.logs, &logFile{file: file})
	f.reopen()
	return nil
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
