package diagnose

import (
	"slices"

	"devicetrace/pkg/history"
)

// refusedOtherUser finds denied logins with a user name other than that of the last connection. It
// considers only logins after the end of the last connection. A client often changes its address,
// but seldom its user name. Therefore, either another client sent these logins, or the device was
// given other credentials.
func (in *input) refusedOtherUser() *finding {
	_, others := in.deniedSinceEnd()
	if len(others) < minStrangers {
		return nil
	}
	f := ofRefusals(others).with(values{
		"username": verbatim(in.last().Username),
		"other":    verbatim(others[len(others)-1].Username),
	})
	if !slices.ContainsFunc(others, func(r *history.Refusal) bool { return mayHaveSent(in.last(), r) }) {
		f.level = Notice
	}
	return f
}

// deniedSinceEnd returns the logins that were denied after the last connection ended. others holds
// the logins whose user name is known to differ from the last connection's user name. own holds all
// other logins, because the user of the last connection may have sent them.
func (in *input) deniedSinceEnd() (own, others []*history.Refusal) {
	if in.Status.State != history.Offline {
		return nil, nil
	}
	for _, r := range in.denied(in.Status.Since.Time) {
		if history.Differ(in.last().Username, r.Username) {
			others = append(others, r)
		} else {
			own = append(own, r)
		}
	}
	return own, others
}

// mayHaveSent reports whether the refused login r may have come from c's client. This is possible
// in three cases: the user names are equal, one of them is unknown, or the addresses are equal.
func mayHaveSent(c *history.Connection, r *history.Refusal) bool {
	return !history.Differ(c.Username, r.Username) || r.PeerAddress != "" && r.PeerAddress == c.PeerAddress
}
