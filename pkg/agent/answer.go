package agent

import "strconv"

// maxResult is the maximum length, in bytes, of a tool's result as the client receives it: a
// CallToolResult that contains the JSON of the answer as a string.
const maxResult = 20_000

// overhead is the part of maxResult, in bytes, that is reserved for the CallToolResult around the
// answer, for left_out and for how_to_see_the_rest.
const overhead = 1_200

// answer is a tool's result before it is encoded. The fields come first, then the lists, most important
// first.
type answer struct {
	fields []field
	lists  []list
	// rest says how to see the entries that are left out.
	rest string
}

type field struct {
	name  string
	value any
}

// list is a named list in an answer. The answer contains at most max of its len entries, or fewer if
// they do not fit.
type list struct {
	name string
	len  int
	max  int
	// item returns the forms of entry i, longest first. The answer contains the first form that fits.
	item func(i int) []any
	// omitted is the number of further entries that the API left out. If more is true, the number is
	// only a lower bound.
	omitted int
	more    bool
}

func listOf[T any](name string, max int, items []T) list {
	return list{name: name, len: len(items), max: max, item: func(i int) []any { return []any{items[i]} }}
}

// newestFirst returns a list of the items, which are sorted oldest first, in reverse order.
func newestFirst[T any](name string, max int, items []T) list {
	l := listOf(name, max, items)
	l.item = func(i int) []any { return []any{items[len(items)-1-i]} }
	return l
}

func (a *answer) add(name string, value any) { a.fields = append(a.fields, field{name, value}) }

// addIf adds a text unless it is empty.
func (a *answer) addIf(name, value string) {
	if value != "" {
		a.add(name, value)
	}
}

// text returns the answer as JSON. It shortens the lists so that the result has at most maxResult
// bytes. It never shortens the fields.
func (a *answer) text() string {
	w := writer{budget: maxResult - overhead}
	for _, f := range a.fields {
		w.field(f.name, encode(f.value))
	}
	left := leftOut{}
	for _, l := range a.lists {
		left.add(l, w.list(l))
	}
	if len(left.counts) > 0 {
		w.field("left_out", encode(left.counts))
		if left.more {
			w.field("left_out_is_a_minimum", []byte("true"))
		}
		w.field("how_to_see_the_rest", encode(a.rest))
	}
	return string(append(w.b, '}'))
}

// leftOut counts the entries that an answer leaves out of each list.
type leftOut struct {
	counts map[string]int
	more   bool
}

func (left *leftOut) add(l list, shown int) {
	n := l.len - shown + l.omitted
	left.more = left.more || l.more
	if n == 0 && !l.more {
		return
	}
	if left.counts == nil {
		left.counts = map[string]int{}
	}
	left.counts[l.name] = n
}

// writer writes a JSON object field by field. budget is the number of bytes that it may still write, as
// counted by size.
type writer struct {
	b      []byte
	budget int
}

func (w *writer) field(name string, value []byte) {
	w.write(w.start(name))
	w.write(value)
}

// start returns the text before a field's value: the separator, the quoted name and a colon.
func (w *writer) start(name string) []byte {
	separator := ","
	if len(w.b) == 0 {
		separator = "{"
	}
	return []byte(separator + strconv.Quote(name) + ":")
}

func (w *writer) write(b []byte) {
	w.b = append(w.b, b...)
	w.budget -= size(b)
}

// list writes the entries of a list until one does not fit, and returns how many it has written.
func (w *writer) list(l list) (shown int) {
	w.write(append(w.start(l.name), "[]"...))
	w.b = w.b[:len(w.b)-len("]")]
	for shown < min(l.len, l.max) && w.item(l.item(shown), shown == 0) {
		shown++
	}
	w.b = append(w.b, ']')
	return shown
}

// item writes the first form of an entry that fits. It returns false if no form fits.
func (w *writer) item(forms []any, isFirst bool) bool {
	for _, form := range forms {
		encoded := encode(form)
		if !isFirst {
			encoded = append([]byte(","), encoded...)
		}
		if size(encoded) <= w.budget {
			w.write(encoded)
			return true
		}
	}
	return false
}
