package diagnose

import "slices"

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
	if !slices.ContainsFunc(others, r.last().mayHaveSent) {
		f.level = Notice
	}
	return f
}

// deniedSinceEnd are the denied logins since the last connection ended: those that can be
// of the same user, and those of others.
func (r *record) deniedSinceEnd() (own, others []*Refusal) {
	if r.status.State != Offline {
		return nil, nil
	}
	for _, d := range r.denied(r.status.Since.Time) {
		if differ(r.last().Username, d.Username) {
			others = append(others, d)
		} else {
			own = append(own, d)
		}
	}
	return own, others
}

// mayHaveSent reports whether a refused login may be one of the client that had the
// connection: the same user, as far as is known, or the same address.
func (c *Connection) mayHaveSent(d *Refusal) bool {
	return !differ(c.Username, d.Username) || d.PeerAddress != "" && d.PeerAddress == c.PeerAddress
}
