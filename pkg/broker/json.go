package broker

import (
	"errors"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// kind is what a JSON value is.
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

// value is a JSON value still in the bytes of the body.
type value struct {
	kind    kind
	escaped bool   // a text with backslashes in it
	raw     []byte // the value as it stands; of a text what is between the quotes
}

// maxDepth is how deep objects and arrays may nest, the item itself included.
const maxDepth = 64

var (
	errSyntax = errors.New("not valid JSON")
	errDepth  = fmt.Errorf("nested deeper than %d levels", maxDepth)
)

// scanner reads JSON (RFC 8259) in place: it copies nothing, allocates nothing,
// and its recursion is bounded by maxDepth. It is our own because a payload's
// fields may have any type, must be refused by name, and are read at several
// times the speed of a library that goes by reflection. Fuzzed against encoding/json.
type scanner struct {
	body  []byte
	at    int
	depth int
}

// space moves to the next byte that is not white space, and returns it; 0 at the end,
// which ended tells from a NUL in the body.
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

// ended reports whether nothing is left but white space.
func (s *scanner) ended() bool {
	s.space()
	return s.at == len(s.body)
}

// accept moves past c if it is next.
func (s *scanner) accept(c byte) bool {
	if s.at < len(s.body) && s.body[s.at] == c {
		s.at++
		return true
	}
	return false
}

// value reads the value that is next.
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

// ignore is the slot of an object whose members nobody wants.
func ignore([]byte) *value { return nil }

// object reads an object and puts the value of each member into the slot for its
// key; no slot, no value. Of a key that comes twice, the last value stays.
func (s *scanner) object(slot func(key []byte) *value) error {
	if err := s.enter('{'); err != nil {
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

// member reads "key": value.
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
		*into = v
	}
	return nil
}

// array reads an array whose elements nobody wants.
func (s *scanner) array() error {
	if err := s.enter('['); err != nil {
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

func (s *scanner) enter(open byte) error {
	if !s.accept(open) {
		return errSyntax
	}
	if s.depth++; s.depth > maxDepth {
		return errDepth
	}
	return nil
}

func (s *scanner) leave() error {
	s.at++
	s.depth--
	return nil
}

// text reads a string. Its escapes are checked here and resolved by unescape.
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

// escape moves past a backslash and what belongs to it.
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
	if len(s.body)-s.at < len(word) || string(s.body[s.at:s.at+len(word)]) != word {
		return errSyntax
	}
	s.at += len(word)
	return nil
}

// number reads [-] digits [. digits] [e [±] digits], without leading zeros.
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

// digits moves past one digit or more.
func (s *scanner) digits() bool {
	from := s.at
	for s.at < len(s.body) && '0' <= s.body[s.at] && s.body[s.at] <= '9' {
		s.at++
	}
	return s.at > from
}

// escapes maps the letter after a backslash to the byte it stands for.
var escapes = [256]byte{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

// unescaped is what a text says. False: half of a surrogate pair, which is no character.
func (v value) unescaped() ([]byte, bool) {
	if !v.escaped {
		return v.raw, true
	}
	return unescape(v.raw)
}

// unescape resolves the escapes of a text that text() has read. False: as of unescaped.
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
			low, ok := lowSurrogate(raw[i+1:])
			if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
				return nil, false
			}
			i += 6
		}
		out = utf8.AppendRune(out, r)
	}
	return out, true
}

// lowSurrogate reads the \uXXXX that b begins with.
func lowSurrogate(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	return hex4(b[2:])
}

// hex4 reads four hex digits.
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
