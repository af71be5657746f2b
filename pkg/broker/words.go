package broker

// words gives texts that come again and again in a batch, such as a node's name,
// one string for all of them. It is a small cache without order: a text that
// collides with another takes its place.
type words [64]string

// maxWord is the longest text that is worth a place, in bytes.
const maxWord = 48

func (w *words) of(raw []byte) string {
	if len(raw) == 0 || len(raw) > maxWord {
		return string(raw)
	}
	place := &w[(len(raw)*31+int(raw[0])*7+int(raw[len(raw)-1]))%len(w)]
	if *place != string(raw) {
		*place = string(raw)
	}
	return *place
}
