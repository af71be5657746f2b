package broker

// Traits describes behavior of a source that its events alone do not show. A source with the zero
// value reports the end of each connection once, and never reports a refused CONNECT as the end of
// a connection. ApsaraMQ has the zero value, too. It sends two end events for a connection, but
// both have the same channel, so the events themselves show that they report one end.
type Traits struct {
	// RefusalsEnd means that the source reports a refused CONNECT twice: as a refusal and, just
	// before or after that, as the end of a connection.
	RefusalsEnd bool
	// RefusalsLookLikeEnds means that the source uses one native event both for refused
	// CONNECTs and for the ends of accepted connections.
	RefusalsLookLikeEnds bool
	// SessionTakeovers means that the source may report the end of a connection twice: first when
	// the connection ends, and again when a client later takes over the session. The second end
	// event contains the address of the ended connection.
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
