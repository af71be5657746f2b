// Package follow reads a log while it grows, through rotation, truncation and
// restarts, and remembers on disk what was delivered of it.
//
// What always holds: only whole lines are handed out, in the order of the log, each
// with the place it has there; the place on disk moves on only when Done says that
// lines were delivered; and the same line has the same place after a crash, a
// restart, a rotation, even when the place on disk was lost. So whoever gets lines
// twice can tell.
//
// Log: a file of lines, by its first line, whatever the file is called by now. A log
// that is renamed is read to its end, and then the new one at the path.
package follow

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
)

// Config of a Follower.
type Config struct {
	// Path is where the log is written. It need not be there yet.
	Path string
	// Place is the file that remembers what was delivered. Its folder must exist.
	Place string
	// MaxBytes is up to how much is handed out at once. Default 512 KiB.
	MaxBytes int
	// MaxLines is up to how many lines are handed out at once. Default 10,000.
	MaxLines int
}

// Chunk is whole lines that stand one after the other.
type Chunk struct {
	// Log names the log that they are of.
	Log string
	// Offset is the byte of it where the first line begins.
	Offset int64
	// Lines is their text, each with its line feed.
	Lines []byte
	// Full says that there was no room for more.
	Full bool
}

// Empty reports whether there are no lines.
func (c Chunk) Empty() bool { return len(c.Lines) == 0 }

// Position is where the lines stand, as "log:offset".
func (c Chunk) Position() string { return fmt.Sprintf("%s:%d", c.Log, c.Offset) }

// Follower hands out the lines of the log at a path. It is for one goroutine.
type Follower struct {
	config Config
	logs   []*log // not delivered to their end, oldest first; the last is the one at the path

	saidMissing bool // that there is no log
}

// Open goes on where the place on disk says. A damaged one is put aside, and all
// logs that are there are handed out again.
func Open(config Config) (*Follower, error) {
	config.MaxBytes = cmp.Or(config.MaxBytes, 512<<10)
	config.MaxLines = cmp.Or(config.MaxLines, 10_000)
	f := &Follower{config: config}
	places, saved, err := readPlaces(config.Place)
	switch {
	case errors.Is(err, errDamaged):
		slog.Error("the place on disk is damaged: all logs that are there are sent again, and recorded once", "error", err.Error())
	case err != nil:
		return nil, err
	case len(places) == 0:
		return f, nil
	}
	for _, p := range places {
		f.logs = append(f.logs, &log{place: p, seen: unknown})
	}
	f.resolve()
	missed, err := rotated(config.Path, saved, f.logs)
	f.logs = append(f.logs, missed...)
	return f, err
}

// Close closes the logs. What was not delivered is handed out by the next Follower.
func (f *Follower) Close() {
	for _, l := range f.logs {
		l.close()
	}
}

// Next is the lines that come next, at most limit bytes of them where limit is above
// zero; none if there are none now. Until Done it hands out the same again, and
// perhaps more.
func (f *Follower) Next(limit int) (Chunk, error) {
	if limit <= 0 || limit > f.config.MaxBytes {
		limit = f.config.MaxBytes
	}
	if err := f.look(); err != nil {
		return Chunk{}, err
	}
	for len(f.logs) > 0 {
		// Whoever writes has gone over to the next log when there is something in it,
		// and only then is the end of this one its end. So look there first.
		isOver := len(f.logs) > 1 && f.logs[1].size() > 0
		chunk, err := f.logs[0].read(limit, f.config.MaxLines)
		if err != nil || !chunk.Empty() || !isOver {
			return chunk, err
		}
		f.logs[0].retire()
		f.logs = f.logs[1:]
		if err := f.save(); err != nil {
			return Chunk{}, err
		}
	}
	return Chunk{}, nil
}

// Done says that a chunk was delivered, and puts that on disk.
func (f *Follower) Done(c Chunk) error {
	if len(f.logs) > 0 && f.logs[0].place.ID == c.Log {
		f.logs[0].place.Offset = c.Offset + int64(len(c.Lines))
	}
	return f.save()
}

// Behind is how many bytes are there that were not delivered, with those of a line
// that is not whole yet.
func (f *Follower) Behind() (bytes int64) {
	for _, l := range f.logs {
		bytes += max(0, l.size()-l.place.Offset)
	}
	return bytes
}

func (f *Follower) save() error {
	var places []place
	for _, l := range f.logs {
		if l.place.ID != "" {
			places = append(places, l.place)
		}
	}
	return writePlaces(f.config.Place, places)
}

// look notices what has become of the file at the path. A log that is new goes on
// disk at once, so that it is known after a crash, whatever it is called by then.
func (f *Follower) look() error {
	f.resolve()
	if err := f.open(); err != nil {
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

// sayMissing says once that no log was ever there, which a wrong path would look like.
func (f *Follower) sayMissing() {
	if len(f.logs) == 0 && !f.saidMissing {
		f.saidMissing = true
		slog.Warn("there is no such log yet: it is followed as soon as there is", "path", f.config.Path)
	}
}

// open opens the file at the path if it holds another log than before.
func (f *Follower) open() error {
	file, err := os.Open(f.config.Path)
	if errors.Is(err, fs.ErrNotExist) {
		f.sayMissing()
		return nil // not there yet, or being rotated
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
		if isSame { // emptied where it was: what was not delivered may be in a copy
			current.close()
		}
	}
	f.logs = append(f.logs, &log{file: file})
	f.resolve()
	return nil
}

// resolve finds the files of logs that have none open.
func (f *Follower) resolve() {
	for _, l := range f.logs {
		if l.file == nil {
			l.file = l.place.find(f.config.Path)
		}
	}
}
