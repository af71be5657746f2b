package broker

// unknownKind refuses a kind of event that the format does not have.
func (r *reader) unknownKind(field, native string) {
	if native == "" {
		r.refuse(field, "the kind of event is needed")
		return
	}
	r.refuse(field, "is not a kind of event that is known here")
}
