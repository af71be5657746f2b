package agent

import "strconv"

// maxResult is the maximum length of a tool's result in bytes, as the client receives it: the whole
// CallToolResult, in which the JSON of the answer is a string.
const maxResult = 20_000

// overhead is the part of maxResult that is reserved for the CallToolResult around the answer, and for
// left_out and how_to_see_the_rest.
const overhead = 1_200

// answer is the result of a tool before it is encoded. Its fields come first, then its lists, most
// important first.
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

// list is a list of an answer. It is cut if it has more than max entries, or if they do not fit.
type list struct {
	name string
	len  int
	max  int
	// item returns entry i, followed by shorter forms of it. The longest form that fits is used.
	item func(i int) []any
	// omitted is the number of further entries that the API left out. If more is true, it is unknown,
	// and omitted is a lower bound.
	omitted int
	more    bool
}

func listOf[T any](name string, max int, items []T) list {
	return list{name: name, len: len(items), max: max, item: func(i int) []any { return []any{items[i]} }}
}

// newestFirst is like listOf, but reverses the items.
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

// text returns the answer as JSON. It drops the last entries of lists until the result takes at
// most maxResult bytes. The fields are never cut.
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

// writer writes a JSON object field by field. budget is the number of bytes that are left; see size.
type writer struct {
	b      []byte
	budget int
}

func (w *writer) field(name string, value []byte) {
	w.write(w.start(name))
	w.write(value)
}

// start returns the text between the previous field and the value of the next one.
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

// list writes the entries of a list up to the first that does not fit, and returns their number.
func (w *writer) list(l list) (shown int) {
	w.write(append(w.start(l.name), "[]"...))
	w.b = w.b[:len(w.b)-len("]")]
	for shown < min(l.len, l.max) && w.item(l.item(shown), shown == 0) {
		shown++
	}
	w.b = append(w.b, ']')
	return shown
}

// item writes the first form of an entry that fits, and reports whether there is one.
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
