package diagnose

import (
	"slices"

	"devicetrace/pkg/history"
)

// refusedOtherUser finds logins that were refused since the last connection ended and gave
// another user name than it had. A client changes its address, but seldom its name.
func (r *record) refusedOtherUser() *finding {
	_, others := r.deniedSinceEnd()
	if len(others) < strangerCount {
		return nil
	}
	f := ofRefusals(others).with(values{
		"username": verbatim(r.last().Username),
		"other":    verbatim(others[len(others)-1].Username),
	})
	if !slices.ContainsFunc(others, func(d *history.Refusal) bool { return mayHaveSent(r.last(), d) }) {
		f.level = Notice
	}
	return f
}

// deniedSinceEnd are the denied logins since the last connection ended: those that can be
// of the same user, and those of others.
func (r *record) deniedSinceEnd() (own, others []*history.Refusal) {
	if r.Status.State != history.Offline {
		return nil, nil
	}
	for _, d := range r.denied(r.Status.Since.Time) {
		if history.Differ(r.last().Username, d.Username) {
			others = append(others, d)
		} else {
			own = append(own, d)
		}
	}
	return own, others
}

// mayHaveSent reports whether a refused login may be one of the client that had the
// connection: the same user, as far as is known, or the same address.
func mayHaveSent(c *history.Connection, d *history.Refusal) bool {
	return !history.Differ(c.Username, d.Username) || d.PeerAddress != "" && d.PeerAddress == c.PeerAddress
}
