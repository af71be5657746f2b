package summary

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"slices"
	"strings"

	"devicetrace/pkg/segment"
)

// maxSampleBytes is the maximum total length of the client identifiers in a fold's samples. It is
// enough for a day, even if all client identifiers have the maximum length.
const maxSampleBytes = 6 << 20

// maxAddress is the maximum length of an address in a sample, in bytes. No IP address is longer.
const maxAddress = 64

// rank is the rank of a client in the sample of a minute: MD5(minute, client identifier).
type rank [md5.Size]byte

// rankOf returns the rank of a client. The minute is hashed as 8 bytes, big-endian.
func rankOf(m Minute, clientID string) rank {
	var buffer [256]byte
	b := binary.BigEndian.AppendUint64(buffer[:0], uint64(m))
	return md5.Sum(append(b, clientID...))
}

// sample holds the witnesses with the lowest ranks, in ascending order.
type sample []ranked

type ranked struct {
	rank rank
	Witness
}

func (s sample) witnesses() []Witness {
	var found []Witness
	for i := range s {
		found = append(found, s[i].Witness)
	}
	return found
}

// accepts reports whether a client with the given rank belongs to the sample, and at which index.
func (s sample) accepts(r rank) (at int, accepted bool) {
	at, found := slices.BinarySearchFunc(s, r, func(w ranked, r rank) int { return bytes.Compare(w.rank[:], r[:]) })
	return at, !found && at < SampleSize
}

// witness adds the client of the row to the sample of the minute, unless SampleSize clients have
// lower ranks. Only the first drop of a client in a minute counts. actionInfo is the fold's own
// copy of the row's text, and nodes holds the fold's own copies of node names.
func (m *minutes) witness(at *minute, r *segment.Row, client int64, nodes *nodes, actionInfo string) {
	if at.sampled == client {
		return
	}
	at.sampled = client
	rank := rankOf(at.Minute, r.ClientID)
	i, accepted := at.sample.accepts(rank)
	if !accepted || m.bytes+len(r.ClientID) > maxSampleBytes {
		return
	}
	w := Witness{ClientID: strings.Clone(r.ClientID), Time: r.Time, Node: nodes.name(r.Node), ActionInfo: actionInfo}
	if len(r.PeerAddress) <= maxAddress {
		w.Address = strings.Clone(r.PeerAddress)
	}
	at.sample = slices.Insert(at.sample, i, ranked{rank, w})
	m.bytes += len(w.ClientID)
	if len(at.sample) > SampleSize {
		m.bytes -= len(at.sample[SampleSize].ClientID)
		at.sample[SampleSize] = ranked{}
		at.sample = at.sample[:SampleSize]
	}
}
