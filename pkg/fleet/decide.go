package fleet

import (
	"time"

	"devicetrace/pkg/summary"
)

// provisionalFor is how long events may take to arrive after the end of a window.
const provisionalFor = 2 * time.Minute

// ScopeOf returns whom the drop (or refusal) at in.At hit.
//
// A group of devices passes if at least five other devices of the group dropped, and if this many
// drop in a usual window with a probability below 1e-4; see level. The scope is the first of the
// following groups that passes and covers 80 % of the other devices; see group.needed:
//
//   - The node, if its share of the other devices is greater than its share of the fleet.
//   - The network, under the same condition. If all clients of a fleet share one address, the
//     condition rules out their network.
//   - The reason.
//   - The node, if it is the only node with events in the day before. It comes this late because it
//     must not hide the network or the reason.
//   - The fleet. It always covers the other devices.
//
// If the device is known, only its own node, network and reason are possible. If nearly all other
// devices dropped on another node, the scope of this drop is not clear.
//
// If no group passes, a surge of connects can still show that a broker crashed; see judge.surge.
// Otherwise, the device is alone, or the scope is not clear.
func ScopeOf(in ScopeInput) Scope {
	j := newJudge(&in)
	s := j.numbers()
	switch named := j.named(&s); {
	case !in.Complete:
		s.Kind = Unknown
	case named != nil:
		s.Kind, s.Name = named.kind, named.name
		s.facts.named = *named
	case s.facts.elsewhere != nil:
		s.Kind = NotClear
	case j.fleet.passes:
		s.Kind = Fleet
	default:
		s.facts.surge = j.surge()
		s.Kind, s.Name = withoutGroup(s.facts.surge, j.others.all)
	}
	return s
}

// withoutGroup returns the scope if no group passes. A surge decides, if there is one. Otherwise, the
// number of other devices does.
func withoutGroup(s *surge, others int64) (Kind, string) {
	switch {
	case s != nil && s.node != "":
		return ByNode, s.node
	case s != nil:
		return Fleet, ""
	case others <= 1:
		return Alone, ""
	default:
		return NotClear, ""
	}
}

// named returns the group that the scope names, or nil if it names none.
func (j *judge) named(s *Scope) *group {
	if j.others.all < minOthers {
		return nil
	}
	nodes, networks := j.nodes(), j.networks()
	for _, d := range []dimension{nodes, networks} {
		if g := d.candidate(); g.names() {
			return g
		}
	}
	for _, d := range []dimension{nodes, networks} {
		if d.isElsewhere() {
			s.facts.elsewhere = d.top
			return nil
		}
	}
	reasons := j.reasons()
	if g := reasons.candidate(); g.names() {
		return g
	}
	if reasons.isElsewhere() {
		s.facts.elsewhere = reasons.top
		return nil
	}
	if g := nodes.candidate(); g != nil && g.isOnly && g.passes && g.covers {
		return g
	}
	return nil
}

// numbers returns a scope with its numbers, but without its kind and name.
func (j *judge) numbers() Scope {
	from, to := Window(j.in.At)
	s := Scope{
		At: At(j.in.At), From: At(from), To: At(to), Of: Drops,
		Others: j.others.all, Usual: j.fleet.level.usual, Connects: j.sums.devices(summary.Connect)(j.minute),
		ByNode: []OnNode{}, ByReason: []WithReason{}, Devices: []Drop{},
		Complete: j.others.isComplete && len(j.others.devices) <= MaxDevices,
		Exact:    j.others.isExact, Provisional: j.in.Now.Before(to.Add(provisionalFor)),
	}
	if j.kind == summary.Refusal {
		s.Of = Refusals
	}
	if !s.Exact {
		s.AtMostTwice = j.atMostTwice()
	}
	s.Devices = append(s.Devices, j.others.devices[:min(len(j.others.devices), MaxDevices)]...)
	s.ReceivedTimes = j.isReceived()
	j.addSplits(&s)
	j.addFacts(&s)
	return s
}

// isReceived reports whether most drops of the window have times of receipt.
func (j *judge) isReceived() bool {
	var received, all int64
	for _, c := range j.sums.inWindow(j.window()) {
		if c.Kind() != j.kind {
			continue
		}
		all += c.Events
		if c.Received {
			received += c.Events
		}
	}
	return 2*received > all
}
