package topic

import (
	"encoding/binary"
	"errors"
	"hash/fnv"
	"io"
	"os"
)

// seen remembers on disk the last message of each packet identifier, so that a
// message that the broker sends again, because our acknowledgement was lost, is known
// and does not come into the spool a second time.
//
// A message is remembered just before its line is written, with where the line will
// end. It counts only if the spool has come that far, so there is no moment at which
// a process may not be killed.
type seen struct {
	file    *os.File
	entries [1 << 16]entry
}

// entry is a message, as its hash, and where its line ends among all lines ever spooled.
type entry struct {
	sum uint64
	end int64
}

const entryBytes = 16

func openSeen(path string) (*seen, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	s := &seen{file: file}
	data := make([]byte, len(s.entries)*entryBytes)
	if _, err := file.ReadAt(data, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, errors.Join(err, file.Close())
	}
	for id := range s.entries {
		at := data[id*entryBytes:]
		s.entries[id] = entry{binary.LittleEndian.Uint64(at), int64(binary.LittleEndian.Uint64(at[8:]))}
	}
	return s, nil
}

// isAgain reports whether a message is one that is in the spool, which has come as far
// as written: the broker marks it as sent again, and it is the last one that had
// this identifier.
func (s *seen) isAgain(m message, written int64) bool {
	e := s.entries[m.MessageID()]
	return m.Duplicate() && e.sum == sum(m) && e.end <= written
}

// isAgainOf reports whether a message is one of the same batch sent again.
func isAgainOf(m, earlier message) bool {
	return m.Duplicate() && m.MessageID() == earlier.MessageID() && sum(m) == sum(earlier)
}

// add remembers a message whose line is about to be written, and where it will end.
func (s *seen) add(m message, end int64) error {
	id := m.MessageID()
	s.entries[id] = entry{sum(m), end}
	data := binary.LittleEndian.AppendUint64(nil, s.entries[id].sum)
	_, err := s.file.WriteAt(binary.LittleEndian.AppendUint64(data, uint64(end)), int64(id)*entryBytes)
	return err
}

func (s *seen) sync() error  { return s.file.Sync() }
func (s *seen) close() error { return s.file.Close() }

// sum is a hash that is never that of no message.
func sum(m message) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(m.Topic()))
	_, _ = h.Write([]byte{0})
	_, _ = h.Write(m.Payload())
	return h.Sum64() | 1
}
