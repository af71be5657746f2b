package broker

import "strconv"

// numeral reads a whole number that counts events or connections, as its digits; ""
// where it is missing.
func (r *reader) numeral(field string, v value) string {
	if v.missing() {
		return ""
	}
	n, ok := v.integer()
	if !ok || n < 0 {
		r.refuse(field, "must be a whole number, not below zero")
		return ""
	}
	return strconv.FormatInt(n, 10)
}
