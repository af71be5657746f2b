package topic

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"devicetrace/infra/operate/mosquitto/follow"
)

// Spool is a log of our own: the lines that were received, on disk until they are
// delivered. Its first line says that it is one, has a random number in it, so that no
// two spools are taken for one log, and counts the bytes that were spooled before. It
// is safe for concurrent use.
type Spool struct {
	path string

	mu   sync.Mutex
	file *os.File // nil: to be opened again
	size int64
	base int64 // what makes of a place in it one among all lines ever spooled
}

// OpenSpool opens the spool at a path, or begins one. The start of a line that a
// crash left at its end is removed: it was never acknowledged.
func OpenSpool(path string) (*Spool, error) {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		if err := begin(path, 0); err != nil {
			return nil, err
		}
	}
	s := &Spool{path: path}
	if err := s.open(); err != nil {
		return nil, err
	}
	if err := s.cutPartialLine(); err != nil {
		return nil, errors.Join(err, s.file.Close())
	}
	return s, nil
}

// firstLine has the time, a random number and the bytes of the lines before, which it
// is none of: a spool that is begun anew has come no further.
const firstLine = "%d: device trace spool %s after %d bytes\n"

// begin puts a spool without lines in place of the one that is there, if there is one.
func begin(path string, before int64) error {
	number := make([]byte, 16)
	_, _ = rand.Read(number) // never fails
	return follow.Replace(path, fmt.Appendf(nil, firstLine, time.Now().Unix(), hex.EncodeToString(number), before))
}

func (s *Spool) open() error {
	file, err := os.OpenFile(s.path, os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	var when, before int64
	var number string
	_, err = fmt.Fscanf(io.NewSectionReader(file, 0, 256), firstLine, &when, &number, &before)
	if err != nil {
		return errors.Join(fmt.Errorf("%q is not a spool: %w", s.path, err), file.Close())
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(err, file.Close())
	}
	s.file, s.size = file, info.Size()
	s.base = before - int64(len(fmt.Sprintf(firstLine, when, number, before)))
	return nil
}

// cutPartialLine looks for the last line feed from the end, a block at a time.
func (s *Spool) cutPartialLine() error {
	const block = 64 << 10
	for s.size > 0 {
		from := max(0, s.size-block)
		data, err := io.ReadAll(io.NewSectionReader(s.file, from, s.size-from))
		if err != nil {
			return err
		}
		end := bytes.LastIndexByte(data, '\n') + 1
		if s.size = from + int64(end); end > 0 {
			break
		}
	}
	return s.file.Truncate(s.size)
}

// written is how many bytes of lines were ever spooled.
func (s *Spool) written() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.base + s.size
}

// Append puts whole lines on disk. After an error none of them is there. Just before
// they are written, before gets to know where they will begin among all lines ever
// spooled; its error keeps them out.
func (s *Spool) Append(lines []byte, before func(begin int64) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		if err := s.open(); err != nil {
			return err
		}
	}
	if err := before(s.base + s.size); err != nil {
		return err
	}
	_, err := s.file.Write(lines)
	if err == nil {
		err = s.file.Sync()
	}
	if err != nil {
		return errors.Join(err, s.file.Truncate(s.size))
	}
	s.size += int64(len(lines))
	return nil
}

// Empty begins the spool anew if it is larger than max bytes and all of it was
// delivered: behind tells how much was not, and is asked while nothing is appended.
func (s *Spool) Empty(max int64, behind func() int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil || s.size <= max || behind() > 0 {
		return nil
	}
	if err := begin(s.path, s.base+s.size); err != nil {
		return err
	}
	err := s.file.Close()
	s.file = nil // whatever happens, nothing is appended to the file that is gone
	return errors.Join(err, s.open())
}

// Close closes the spool; its lines stay.
func (s *Spool) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}
