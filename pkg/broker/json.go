package broker

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// kind is the type of a JSON value.
type kind byte

const (
	absent kind = iota
	null
	text
	number
	boolean
	object
	array
)

// value is a JSON value. It shares the memory of the body.
type value struct {
	kind    kind
	escaped bool   // whether the value is a string that contains backslashes
	raw     []byte // the bytes of the value; for a string, the bytes between the quotes
}

// maxDepth is the maximum depth of nested objects and arrays, counting the item itself.
const maxDepth = 64

var (
	errSyntax = errors.New("the item is not valid JSON")
	errDepth  = fmt.Errorf("the item is nested deeper than %d levels", maxDepth)
)

// scanner reads JSON (RFC 8259) in place. It allocates memory only for keys with escape sequences,
// and maxDepth bounds its recursion. The project has its own scanner for two reasons. First, a
// field may have any type, and a bad field must be reported by name. Second, the scanner is several
// times faster than a library that uses reflection. A fuzz test compares its results with the
// results of encoding/json.
type scanner struct {
	body  []byte
	at    int
	depth int
	// repeated is the first key that slot knows and that occurred more than once in an object. It
	// is empty if there is no such key. A caller that continues with another object must clear it.
	repeated string
}

// space moves to the next byte that is not white space and returns that byte. It returns 0 at the
// end of the body. The ended method distinguishes the end from a NUL byte in the body.
func (s *scanner) space() byte {
	for ; s.at < len(s.body); s.at++ {
		switch c := s.body[s.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// ended reports whether only white space is left.
func (s *scanner) ended() bool {
	s.space()
	return s.at == len(s.body)
}

// accept moves past c if c is the next byte, and reports whether it was.
func (s *scanner) accept(c byte) bool {
	if s.at < len(s.body) && s.body[s.at] == c {
		s.at++
		return true
	}
	return false
}

// value reads the next value.
func (s *scanner) value() (value, error) {
	start := s.space()
	from := s.at
	var k kind
	var err error
	switch {
	case start == '"':
		return s.text()
	case start == '{':
		k, err = object, s.object(ignore)
	case start == '[':
		k, err = array, s.array()
	case start == 't':
		k, err = boolean, s.literal("true")
	case start == 'f':
		k, err = boolean, s.literal("false")
	case start == 'n':
		k, err = null, s.literal("null")
	default:
		k, err = number, s.number()
	}
	return value{kind: k, raw: s.body[from:s.at]}, err
}

// ignore is a slot function that ignores every key.
func ignore([]byte) *value { return nil }

// object reads an object. It stores the value of each member in the variable that slot returns for
// its key, unless slot returns nil. slot must return a different variable for each key, so that
// object notices a key that occurs more than once; see scanner.repeated.
func (s *scanner) object(slot func(key []byte) *value) error {
	if err := s.enter(); err != nil {
		return err
	}
	if s.space() == '}' {
		return s.leave()
	}
	for {
		if err := s.member(slot); err != nil {
			return err
		}
		switch s.space() {
		case ',':
			s.at++
		case '}':
			return s.leave()
		default:
			return errSyntax
		}
	}
}

// member reads one member of an object: "key": value.
func (s *scanner) member(slot func(key []byte) *value) error {
	if s.space() != '"' {
		return errSyntax
	}
	key, err := s.text()
	if err != nil {
		return err
	}
	if s.space() != ':' {
		return errSyntax
	}
	s.at++
	v, err := s.value()
	if err != nil {
		return err
	}
	if key.escaped {
		key.raw, _ = unescape(key.raw)
	}
	if into := slot(key.raw); into != nil {
		if into.kind != absent && s.repeated == "" {
			s.repeated = string(key.raw)
		}
		*into = v
	}
	return nil
}

// array moves past an array.
func (s *scanner) array() error {
	if err := s.enter(); err != nil {
		return err
	}
	if s.space() == ']' {
		return s.leave()
	}
	for {
		if _, err := s.value(); err != nil {
			return err
		}
		switch s.space() {
		case ',':
			s.at++
		case ']':
			return s.leave()
		default:
			return errSyntax
		}
	}
}

// enter moves past the brace or bracket at the beginning of an object or array.
func (s *scanner) enter() error {
	s.at++
	if s.depth++; s.depth > maxDepth {
		return errDepth
	}
	return nil
}

// leave moves past the brace or bracket at the end of an object or array.
func (s *scanner) leave() error {
	s.at++
	s.depth--
	return nil
}

// text reads a string. It checks the escape sequences but does not resolve them; unescape does.
func (s *scanner) text() (value, error) {
	s.at++
	v := value{kind: text}
	from := s.at
	for s.at < len(s.body) {
		switch c := s.body[s.at]; {
		case c == '"':
			v.raw = s.body[from:s.at]
			s.at++
			return v, nil
		case c == '\\':
			v.escaped = true
			if !s.escape() {
				return v, errSyntax
			}
		case c < ' ':
			return v, errSyntax
		default:
			s.at++
		}
	}
	return v, errSyntax
}

// escape moves past an escape sequence and reports whether it is valid.
func (s *scanner) escape() bool {
	s.at++
	if s.at >= len(s.body) {
		return false
	}
	c := s.body[s.at]
	s.at++
	if c != 'u' {
		return escapes[c] != 0
	}
	if s.at+4 > len(s.body) {
		return false
	}
	_, ok := hex4(s.body[s.at:])
	s.at += 4
	return ok
}

func (s *scanner) literal(word string) error {
	if !bytes.HasPrefix(s.body[s.at:], []byte(word)) {
		return errSyntax
	}
	s.at += len(word)
	return nil
}

// number moves past a number: [-] digits [. digits] [e [±] digits]. A leading zero ends the digits,
// so 012 is invalid.
func (s *scanner) number() error {
	s.accept('-')
	if !s.accept('0') && !s.digits() {
		return errSyntax
	}
	if s.accept('.') && !s.digits() {
		return errSyntax
	}
	if s.accept('e') || s.accept('E') {
		if !s.accept('+') {
			s.accept('-')
		}
		if !s.digits() {
			return errSyntax
		}
	}
	return nil
}

// digits moves past one or more digits and reports whether there were any.
func (s *scanner) digits() bool {
	from := s.at
	for s.at < len(s.body) && '0' <= s.body[s.at] && s.body[s.at] <= '9' {
		s.at++
	}
	return s.at > from
}

// escapes maps the character after a backslash to the byte that the escape sequence stands
// for.
var escapes = [256]byte{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

// unescaped returns the content of a string. It returns false if the string contains an unpaired
// surrogate, which is not a character.
func (v value) unescaped() ([]byte, bool) {
	if !v.escaped {
		return v.raw, true
	}
	return unescape(v.raw)
}

// unescape resolves the escape sequences in a string that scanner.text has read. It returns false
// if the string contains an unpaired surrogate.
func unescape(raw []byte) ([]byte, bool) {
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			out = append(out, raw[i])
			continue
		}
		i++
		if raw[i] != 'u' {
			out = append(out, escapes[raw[i]])
			continue
		}
		r, _ := hex4(raw[i+1:])
		i += 4
		if utf16.IsSurrogate(r) {
			if r = utf16.DecodeRune(r, lowSurrogate(raw[i+1:])); r == utf8.RuneError {
				return nil, false
			}
			i += 6
		}
		out = utf8.AppendRune(out, r)
	}
	return out, true
}

// lowSurrogate reads the escape sequence \uXXXX at the beginning of b, which should be the second
// half of a surrogate pair. If b does not begin with such a sequence, lowSurrogate returns 0.
func lowSurrogate(b []byte) rune {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0
	}
	r, _ := hex4(b[2:])
	return r
}

// hex4 reads four hex digits at the beginning of b.
func hex4(b []byte) (r rune, ok bool) {
	for _, c := range b[:4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// hasMembers reports whether v is a non-empty object.
func (v value) hasMembers() bool {
	s := scanner{body: v.raw, at: 1}
	return v.kind == object && s.space() != '}'
}
