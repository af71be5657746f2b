package diagnose

import (
	"slices"

	"devicetrace/pkg/history"
)

// refusedOtherUser finds logins that were refused after the last connection ended and that used
// a different user name. A client often changes its address, but seldom its user name.
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

// deniedSinceEnd returns the denied logins after the end of the last connection. own holds the
// logins that may come from the same user. others holds the logins with a different user name.
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

// mayHaveSent reports whether r, a refused login, may come from the client of the connection c.
// It may if the user names do not differ or the addresses are the same.
func mayHaveSent(c *history.Connection, r *history.Refusal) bool {
	return !history.Differ(c.Username, r.Username) || r.PeerAddress != "" && r.PeerAddress == c.PeerAddress
}
