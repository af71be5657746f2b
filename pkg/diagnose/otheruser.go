package diagnose

import (
	"slices"

	"devicetrace/pkg/history"
)

// refusedOtherUser finds logins that were denied after the last connection ended and whose user name
// differs from the last connection's. A client often changes its address, but seldom its user name.
// Therefore, either another client sent these logins, or the device was given other credentials.
func (in *input) refusedOtherUser() *finding {
	_, others := in.deniedSinceEnd()
	if len(others) < minStrangers {
		return nil
	}
	username, other := told(in.last().Username, others[len(others)-1].Username)
	f := ofRefusals(others).with(values{"username": username, "other": other})
	if !slices.ContainsFunc(others, func(r *history.Refusal) bool { return mayHaveSent(in.last(), r) }) {
		f.level = Notice
	}
	return f
}

// deniedSinceEnd returns the logins that were denied after the last connection ended. others holds
// the logins whose user name is known to differ from the last connection's user name. own holds all
// other logins, which the user of the last connection may have sent.
func (in *input) deniedSinceEnd() (own, others []*history.Refusal) {
	if in.Status.State != history.Offline {
		return nil, nil
	}
	for _, r := range in.denied(in.Status.Since) {
		if history.Differ(in.last().Username, r.Username) {
			others = append(others, r)
		} else {
			own = append(own, r)
		}
	}
	return own, others
}

// mayHaveSent reports whether the client of connection c may also have sent the refused login r.
// This is possible if the user names are equal, a user name is unknown, or the addresses are equal.
func mayHaveSent(c *history.Connection, r *history.Refusal) bool {
	return !history.Differ(c.Username, r.Username) || r.PeerAddress != "" && r.PeerAddress == c.PeerAddress
}
