package broker

// Traits are habits of a source that its events alone do not reveal. A source with the zero
// value reports the end of each connection once, and never reports a refused CONNECT as the end
// of a connection.
type Traits struct {
	// RefusalsEnd means that the source reports a refused CONNECT twice: as a refusal and, just
	// before or after the refusal, as the end of a connection.
	RefusalsEnd bool
	// RefusalsLookLikeEnds: the source uses one native event for refused CONNECTs and
	// for ends of accepted connections.
	RefusalsLookLikeEnds bool
	// SessionTakeovers: when a client takes over a session that has no connection, the
	// source reports the end of the session's last connection again, with the address of
	// that connection.
	SessionTakeovers bool
}

// TraitsOf returns the traits of the source with the given name, which may be any
// Event.Source. It returns the zero value for an unknown source.
func TraitsOf(source string) Traits {
	if s, ok := sourcesByName[source]; ok {
		return s.Traits
	}
	return Traits{}
}
