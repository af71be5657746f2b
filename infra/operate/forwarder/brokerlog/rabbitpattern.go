package brokerlog

import (
	"regexp"
	"strings"
)

// A pattern describes a message of RabbitMQ's log. It consists of the message's fixed text and of
// placeholders:
//
//	{pid}     an Erlang process, such as <0.812.0>
//	{conn}    a connection, such as 192.0.2.7:50001 -> 192.0.2.9:1883
//	{quoted}  a connection in quotes: "…" or '…' up to 3.11, <<"…">> from 3.12 on
//	{id}      a client identifier, which may be any text
//	{reason}  any text
type pattern []token

// token is either a fixed text or a placeholder.
type token struct {
	text          string
	isPlaceholder bool
}

var placeholder = regexp.MustCompile(`\{[a-z]+\}`)

func newPattern(text string) pattern {
	var p pattern
	at := 0
	for _, match := range placeholder.FindAllStringIndex(text, -1) {
		if match[0] > at {
			p = append(p, token{text: text[at:match[0]]})
		}
		p = append(p, token{text: text[match[0]:match[1]], isPlaceholder: true})
		at = match[1]
	}
	if at < len(text) {
		p = append(p, token{text: text[at:]})
	}
	return p
}

// fields are the values of a pattern's placeholders.
type fields struct {
	conn, id, reason string
	// isLatin1 is true if the quotes around the connection show that RabbitMQ is older than 3.12.
	// Such a version writes the bytes of an identifier as if they were Latin-1.
	isLatin1 bool
}

// match calls found with the fields of each way in which the message matches the pattern. There can
// be several ways, because clients choose their identifiers. If found returns false, match stops
// and returns false.
func (p pattern) match(message string, f fields, found func(fields) bool) bool {
	if len(p) == 0 {
		return message != "" || found(f)
	}
	if !p[0].isPlaceholder {
		rest, ok := strings.CutPrefix(message, p[0].text)
		return !ok || p[1:].match(rest, f, found)
	}
	ok, rest := true, ""
	switch p[0].text {
	case "{pid}":
		rest, ok = cutProcess(message)
	case "{conn}":
		f.conn, rest, ok = cutConnection(message)
	case "{quoted}":
		f.conn, rest, ok = cutQuoted(message)
		f.isLatin1 = f.isLatin1 || !strings.HasPrefix(message, "<<")
	default:
		return p.matchText(message, f, found)
	}
	return !ok || p[1:].match(rest, f, found)
}

// matchText is like match for a pattern that begins with {id} or {reason}. The placeholder may end
// wherever the fixed text after it occurs, so matchText tries every such place.
func (p pattern) matchText(message string, f fields, found func(fields) bool) bool {
	if len(p) == 1 {
		return p[1:].match("", f.with(p[0].text, message), found)
	}
	for end := 0; ; end++ {
		next := strings.Index(message[end:], p[1].text)
		if next < 0 {
			return true
		}
		end += next
		if !p[1:].match(message[end:], f.with(p[0].text, message[:end]), found) {
			return false
		}
	}
}

func (f fields) with(placeholder, text string) fields {
	if placeholder == "{id}" {
		f.id = text
	} else {
		f.reason = text
	}
	return f
}

var process = regexp.MustCompile(`^<\d{1,10}\.\d{1,10}\.\d{1,10}>`)

func cutProcess(text string) (rest string, ok bool) {
	end := len(process.FindString(text))
	return text[end:], end > 0
}

// connectionName matches the name of a connection, which consists of the client's end and the
// broker's end. Hosts are addresses or, if RabbitMQ looks them up, names.
var connectionName = regexp.MustCompile(`^` + endpoint + ` -> ` + endpoint)

const endpoint = `(?:\[[^\s\[\]"]{1,64}\]|[^\s\[\]:"'<>()]{1,255}):\d{1,5}`

func cutConnection(text string) (conn, rest string, ok bool) {
	end := len(connectionName.FindString(text))
	return text[:end], text[end:], end > 0
}

func cutQuoted(text string) (conn, rest string, ok bool) {
	for _, quotes := range [][2]string{{`<<"`, `">>`}, {`"`, `"`}, {`'`, `'`}} {
		inner, isOpen := strings.CutPrefix(text, quotes[0])
		if !isOpen {
			continue
		}
		if conn, rest, ok = cutConnection(inner); ok {
			rest, ok = strings.CutPrefix(rest, quotes[1])
		}
		return conn, rest, ok
	}
	return "", "", false
}
