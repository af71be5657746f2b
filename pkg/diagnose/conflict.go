package diagnose

import (
	"time"

	"devicetrace/pkg/history"
)

// These codes select the text of the verdict "client-id-conflict". Most of them depend on the
// addresses before and after each conflict; see conflictAddresses.
const (
	conflictShared    Code = "client-id-conflict-shared"     // another verdict shows that the identifier is shared
	conflictUnknown   Code = "client-id-conflict-no-address" // for no conflict are both addresses known
	conflictSame      Code = "client-id-conflict-same"       // in every conflict, both addresses are equal
	conflictNoReturns Code = "client-id-conflict-new"        // in every conflict, the second address is new
	conflictUnseen    Code = "client-id-conflict-unseen"     // the connection that took over is not on record
)

// longSilence is the shortest keep alive that is worth shortening. With such a keep alive, many
// minutes can pass before the broker notices that a connection is dead.
const longSilence = 5 * time.Minute

// conflicts finds connections that a newer connection with the same client identifier ended.
func (in *input) conflicts() *finding {
	f := endedAs(history.Conflict)(in)
	if f == nil {
		return nil
	}
	if in.isRareEnd(f, history.Conflict) {
		f.level = Notice
	}
	a := in.conflictAddresses()
	switch last := in.last(); {
	case in.Status.State == history.Offline && last.Kind == history.Conflict:
		f.text, f.values = conflictUnseen, values{"lately": lately(f.count, last.End)}
	case in.isShared():
		f.text = conflictShared
	case a.known == 0:
		f.text = conflictUnknown
	case a.known < f.count: // the general text applies
	case a.known == a.same:
		f.text, f.values = conflictSame, values{"address": a.address()}
	case a.same == 0 && !a.returned:
		f.text = conflictNoReturns
	}
	if f.text != conflictShared && f.text != conflictUnseen {
		f.more = in.shorterKeepAlive()
		if mayWakeByTakeover(f.ends) {
			f.more = append(f.more, sentence{phrase: wakesEvenly})
		}
	}
	return f
}

// conflictAddresses compares the address of each connection that a conflict ended with the address
// of the next connection. It ignores conflicts for which either address is unknown.
type conflictAddresses struct {
	known    int    // the number of conflicts for which both addresses are known
	same     int    // the number of conflicts for which both addresses are equal
	returned bool   // whether any next connection came from a different address that had been seen before
	last     string // the address of the newest of the next connections
	others   bool   // whether any next connection came from an address other than last
}

// address returns a value that names the address of the connections that followed the conflicts. If
// they came from several addresses, the value is only the phrase "the same address".
func (a conflictAddresses) address() value {
	if a.others {
		return sentence{phrase: sameAddress}
	}
	return sentence{oneAddress, values{"address": quoted(a.last)}}
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

// shorterKeepAlive returns a sentence that suggests a shorter keep alive, or nil if that would not
// help. A shorter keep alive helps if most of the connections that a conflict ended had no keep
// alive or a long one, and lasted at least as long as their keep alive and as longSilence.
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
