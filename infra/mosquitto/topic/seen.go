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
type seen struct {
	file *os.File
	sums [1 << 16]uint64
}

func openSeen(path string) (*seen, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	s := &seen{file: file}
	data := make([]byte, len(s.sums)*8)
	if n, err := file.ReadAt(data, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, errors.Join(err, file.Close())
	} else if n < len(data) {
		clear(data[n:])
	}
	for id := range s.sums {
		s.sums[id] = binary.LittleEndian.Uint64(data[id*8:])
	}
	return s, nil
}

// isAgain reports whether a message is one that is in the spool: the broker marks it
// as sent again, and it is the last one that had this identifier.
func (s *seen) isAgain(m message) bool {
	return m.Duplicate() && s.sums[m.MessageID()] == sum(m)
}

// isAgainOf reports whether a message is one of the same batch sent again.
func isAgainOf(m, earlier message) bool {
	return m.Duplicate() && m.MessageID() == earlier.MessageID() && sum(m) == sum(earlier)
}

// add remembers a message that is in the spool.
func (s *seen) add(m message) error {
	id := m.MessageID()
	s.sums[id] = sum(m)
	_, err := s.file.WriteAt(binary.LittleEndian.AppendUint64(nil, s.sums[id]), int64(id)*8)
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
