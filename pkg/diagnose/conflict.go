package diagnose

import (
	"time"

	"devicetrace/pkg/history"
)

// These codes select the text of the verdict "client-id-conflict". It depends on what the
// addresses of a connection and the next one show.
const (
	conflictShared    Code = "client-id-conflict-shared"     // another verdict shows that the identifier is shared
	conflictUnknown   Code = "client-id-conflict-no-address" // no two addresses are known
	conflictSame      Code = "client-id-conflict-same"       // all addresses are equal
	conflictNoReturns Code = "client-id-conflict-new"        // the addresses differ, but none of them came back
	conflictUnseen    Code = "client-id-conflict-unseen"     // the connection that took over is not on record
)

// longSilence is the shortest keep alive for which it helps to shorten it: until the broker notices
// that a connection is dead, many minutes may pass.
const longSilence = 5 * time.Minute

// conflicts finds connections that a newer connection with the same client identifier ended.
func (in *input) conflicts() *finding {
	f := endedOften(history.Conflict)(in)
	if f == nil {
		return nil
	}
	a := in.conflictAddresses()
	switch last := in.last(); {
	case in.Status.State == history.Offline && last.Kind == history.Conflict:
		f.text, f.values = conflictUnseen, values{"lately": lately(f.count, last.End)}
	case in.isShared():
		f.text = conflictShared
	case a.known == 0:
		f.text = conflictUnknown
	case a.known == a.same:
		f.text, f.values = conflictSame, values{"address": a.address()}
	case a.same == 0 && !a.returned:
		f.text = conflictNoReturns
	}
	if f.text != conflictShared && f.text != conflictUnseen {
		f.more = in.shorterKeepAlive()
		if mayWakeTaking(f.ends) {
			f.more = append(f.more, sentence{phrase: wakesEvenly})
		}
	}
	return f
}

// conflictAddresses describes the addresses of the connections that a conflict ended, and of the
// connections after them.
type conflictAddresses struct {
	known    int  // conflicts for which both addresses are known
	same     int  // conflicts for which they are equal
	returned bool // whether the new address had been seen before
	last     string
	others   bool // whether last is not the only new address
}

// address returns a value for the new address: the address itself if there is only one.
func (a conflictAddresses) address() value {
	if a.others {
		return sentence{phrase: itsAddress}
	}
	return quoted(a.last)
}

func (in *input) conflictAddresses() conflictAddresses {
	var a conflictAddresses
	seen := map[string]bool{}
	for i := range in.Connections {
		s := in.succession(i)
		seen[s.ended.PeerAddress] = true
		if s.ended.Kind != history.Conflict || s.next == nil || s.ended.PeerAddress == "" || s.next.PeerAddress == "" {
			continue
		}
		a.others = a.others || a.known > 0 && a.last != s.next.PeerAddress
		a.known, a.last = a.known+1, s.next.PeerAddress
		if s.ended.PeerAddress == s.next.PeerAddress {
			a.same++
		} else if seen[s.next.PeerAddress] {
			a.returned = true
		}
	}
	return a
}

// shorterKeepAlive returns a sentence that suggests a shorter keep alive, or nil if it would not
// help. It helps if most of the connections that a conflict ended had a long keep alive or none,
// and lasted for at least that time.
func (in *input) shorterKeepAlive() []sentence {
	ended := in.ended(history.Conflict)
	long := func(c *history.Connection) bool {
		lasted, known := c.Lasted()
		isLong := c.KeepAlive.Value == 0 || c.KeepAlive.Value >= longSilence
		return known && c.KeepAlive.Known && isLong && lasted >= max(c.KeepAlive.Value, longSilence)
	}
	if !mostly(ended, long) {
		return nil
	}
	return []sentence{{phrase: shortenKeepAlive}}
}
