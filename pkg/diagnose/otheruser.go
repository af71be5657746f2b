package diagnose

import (
	"slices"

	"devicetrace/pkg/history"
)

// refusedOtherUser finds logins that were refused after the last connection ended and whose user
// name differs from that of the last connection. A client often changes its address, but seldom its
// user name. Therefore either another client sent these logins, or the device was given other
// credentials.
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

// deniedSinceEnd returns the logins that were denied after the end of the last connection. others
// holds the logins whose user name differs from that of the last connection. own holds the rest,
// which may come from the same user.
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

// mayHaveSent reports whether the refused login r may come from the client that had the connection
// c. This is possible if the user names are equal, if one of them is unknown, or if the addresses
// are equal.
func mayHaveSent(c *history.Connection, r *history.Refusal) bool {
	return !history.Differ(c.Username, r.Username) || r.PeerAddress != "" && r.PeerAddress == c.PeerAddress
}
