package broker

// Traits are the habits of a source that its events do not show. The zero value is a
// source that reports each end of a connection once, and no refusal as an end.
type Traits struct {
	// RefusalsEnd: the source reports the end of a refused CONNECT like the end of any
	// connection, just before or just after the refusal.
	RefusalsEnd bool
	// RefusalsLookLikeEnds: the source uses the same native events for refused CONNECTs
	// and for ends of accepted connections.
	RefusalsLookLikeEnds bool
	// SessionTakeovers: if a session without a connection is taken over, the source
	// reports the end of the session's last connection again, now as a takeover.
	SessionTakeovers bool
}

// TraitsOf returns the traits of the source with the given name, which may be any
// Event.Source. A source that is not known has none.
func TraitsOf(source string) Traits {
	if s, ok := sourcesByName[source]; ok {
		return s.Traits
	}
	return Traits{}
}
