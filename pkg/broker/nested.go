package broker

// members puts the members of an object that was read into the slots for their keys,
// and reports whether it is an object at all.
func (v value) members(slot func(key []byte) *value) bool {
	s := scanner{body: v.raw}
	return v.kind == object && s.object(slot) == nil
}

// hasMembers reports whether a value is an object that is not empty.
func (v value) hasMembers() bool {
	s := scanner{body: v.raw}
	return v.kind == object && s.accept('{') && s.space() != '}'
}

// heldObject is the object that a text holds and nothing else; absent if it holds none.
func heldObject(raw []byte) value {
	s := scanner{body: raw}
	v, err := s.value()
	if err != nil || v.kind != object || !s.ended() {
		return value{}
	}
	return v
}
