package broker

// Traits are habits of a source that its events alone do not show. The zero value
// reports each end of a connection once, and never a refusal as an end.
type Traits struct {
	// RefusalsEnd: just before or after a refused CONNECT, the source also reports the
	// end of a connection.
	RefusalsEnd bool
	// RefusalsLookLikeEnds: the source uses one native event for refused CONNECTs and
	// for ends of accepted connections.
	RefusalsLookLikeEnds bool
	// SessionTakeovers: when a session that has no connection is taken over, the source
	// reports another end of its last connection, with that connection's address.
	SessionTakeovers bool
}

// TraitsOf returns the traits of the named source, which may be any Event.Source. An
// unknown source has none.
func TraitsOf(source string) Traits {
	if s, ok := sourcesByName[source]; ok {
		return s.Traits
	}
	return Traits{}
}
