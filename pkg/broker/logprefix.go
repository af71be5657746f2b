package broker

import (
	"bytes"
	"slices"
	"time"
	"unicode"
)

const (
	// maxPrefix is the maximum total length in bytes of a line's prefixes. maxParts is their
	// maximum number.
	maxPrefix, maxParts = 512, 8
	// maxName is the maximum length in bytes of a name in a prefix, such as a host name.
	maxName = 255
)

// logText is a line of a log without its prefixes.
type logText struct {
	text   []byte    // the broker's message
	own    []byte    // the line as the broker wrote it: the message and the broker's own stamp
	stamp  []byte    // the broker's own stamp as written in the line; empty if there is none
	at     time.Time // when the message was written; zero if unknown
	sender []byte    // the names in the prefixes, such as host, pod and program; may be empty
}

// cutPrefixes cuts from a line what the broker and other programs wrote before the broker's
// message. Other programs are container runtimes, log services such as journald and syslog, and
// supervisors. begins reports whether a text begins like a message of the broker.
//
// The text before the message must have a known form. If cutPrefixes searched the line for a
// message instead, a client could pass for another one by choosing an identifier that contains a
// message.
//
// If several stamps in the line give a time, the last one counts, because it was written closest to
// the broker. If no stamp does, the time of the result is at, which may be zero. received is the
// time of receipt, or zero; see cutStamp.
func cutPrefixes(line []byte, begins func(text []byte) bool, at, received time.Time) logText {
	p := prefixes{rest: line, own: line, at: at, received: received, begins: begins}
	for range maxParts {
		if p.isDone || begins(p.rest) || len(line)-len(p.rest) > maxPrefix || !p.part() {
			break
		}
	}
	if !p.isDone {
		p.own = p.rest
	}
	return logText{
		text: bytes.TrimSuffix(p.rest, []byte("\x1b[0m")), own: p.own, stamp: p.own[:len(p.own)-len(p.rest)], at: p.at, sender: p.names,
	}
}

// prefixes is the state of cutPrefixes.
type prefixes struct {
	rest     []byte // the part of the line that is still to be read
	own      []byte // rest as it was before the last part
	at       time.Time
	received time.Time
	begins   func(text []byte) bool
	isDone   bool   // the broker's own stamp was cut, so the message follows
	hasTag   bool   // the name of the program was cut; a line has only one
	names    []byte // see logText.sender
}

// name adds a name from a prefix to names. It ignores a level, a facility, a number, and a text of
// several words, because these may differ between the lines of one broker.
func (p *prefixes) name(name []byte) {
	if isFacility(name) || isLevel(name) || len(bytes.Trim(name, "0123456789")) == 0 || bytes.IndexByte(name, ' ') >= 0 {
		return
	}
	if len(p.names) == 0 {
		p.names = name
		return
	}
	p.names = slices.Concat(p.names, []byte(" "), name)
}

// isFacility reports whether a word is a syslog facility that brokers use, with or without a level,
// such as "daemon" or "daemon.notice".
func isFacility(word []byte) bool {
	facility, level, hasLevel := bytes.Cut(word, []byte("."))
	switch {
	case hasLevel && !isLevel(level):
		return false
	case string(facility) == "daemon" || string(facility) == "user" || string(facility) == "syslog":
		return true
	default:
		return len(facility) == len("local0") && bytes.HasPrefix(facility, []byte("local")) && '0' <= facility[5] && facility[5] <= '7'
	}
}

// isLevel reports whether a word is the severity of a message.
func isLevel(word []byte) bool {
	return slices.ContainsFunc(levels, func(level []byte) bool { return bytes.EqualFold(word, level) })
}

var levels = bytes.Fields([]byte("emerg panic alert crit err error warning warn notice info information debug"))

// part cuts one prefix and reports whether there was one.
func (p *prefixes) part() bool {
	p.own = p.rest
	if len(p.rest) == 0 {
		return false
	}
	switch p.rest[0] {
	case 0xEF:
		return p.take(bytes.CutPrefix(p.rest, []byte("\xEF\xBB\xBF"))) // byte order mark
	case '\x1b':
		return p.take(cutColor(p.rest))
	case '<':
		return p.priority()
	case '[':
		return p.bracket()
	case '@':
		at, rest, found := cutTAI64N(p.rest)
		return found && p.stamped(stamp{at: at}, rest)
	case '$':
		return p.take(cutLogTopic(p.rest))
	}
	if p.take(cutOctetCount(p.rest)) {
		return true
	}
	if s, rest, found := cutStamp(p.rest, p.received); found && p.stamped(s, rest) {
		return true
	}
	return p.service() || p.tag(p.rest) || p.pod()
}

// take sets rest if ok is true, and returns ok.
func (p *prefixes) take(rest []byte, ok bool) bool {
	if ok {
		p.rest = rest
	}
	return ok
}

// stamped handles a stamp and the text after it. The broker's own stamp is followed by ": ", and a
// stamp of another program by a space. stamped returns false if neither follows.
func (p *prefixes) stamped(s stamp, rest []byte) bool {
	if after, ok := bytes.CutPrefix(rest, []byte(": ")); ok {
		p.isDone = true
		if !s.isLiteral {
			p.time(s.at)
		}
		return p.take(after, true)
	}
	rest, ok := bytes.CutPrefix(rest, []byte(" "))
	if !ok || s.isUnix && s.at.UnixMilli() < minMilliseconds {
		return false
	}
	p.time(s.at)
	p.rest = rest
	if p.take(cutStream(rest)) || p.begins(rest) {
		return true
	}
	p.sender(rest)
	return true
}

// time sets the time of the line, if at is not zero.
func (p *prefixes) time(at time.Time) {
	if !at.IsZero() {
		p.at = at
	}
}

// sender cuts "HOST TAG: ", as syslog and journald write it. The host may be missing, or be
// followed by a facility and a level such as "daemon.notice" or "daemon notice".
func (p *prefixes) sender(rest []byte) {
	names := p.names
	for words := range 4 {
		if p.tag(rest) {
			return
		}
		word, after, ok := bytes.Cut(rest, []byte(" "))
		isHost := words == 0 && ok && len(word) > 0 && len(word) <= maxName && word[len(word)-1] != ':'
		if !isHost && !isFacility(word) && !isLevel(word) {
			break
		}
		p.name(word)
		rest = after
	}
	p.names = names // no tag follows, so the words are not the names of a sender
}

// tag cuts "NAME: ", "NAME[PID]: " or "NAMESPACE/POD[CONTAINER]: ", where NAME is the name of a
// program. It does not cut a stamp or the beginning of a message.
func (p *prefixes) tag(rest []byte) bool {
	colon := bytes.Index(rest[:min(len(rest), maxName+2)], []byte(": "))
	if colon < 1 || p.hasTag || p.begins(rest) || p.isOwnStamp(rest[:colon]) {
		return false
	}
	name, container := rest[:colon], []byte(nil)
	if open := bytes.IndexByte(name, '['); open > 0 && name[colon-1] == ']' {
		name, container = name[:open], name[open+1:colon-1]
	}
	isPod := bytes.IndexByte(name, '/') > 0 && isLabel(container)
	if len(bytes.Trim(container, "0123456789")) > 0 && !isPod {
		return false
	}
	if bytes.ContainsAny(name, " :[]\x1b\t\"'") || !bytes.ContainsFunc(name, unicode.IsLetter) {
		return false
	}
	p.hasTag = true
	p.name(name)
	p.name(container)
	return p.take(rest[colon+len(": "):], true)
}

// isOwnStamp reports whether a text is a stamp and nothing else.
func (p *prefixes) isOwnStamp(text []byte) bool {
	_, after, found := cutStamp(text, p.received)
	return found && len(after) == 0
}

// priority cuts "<29>", which begins a syslog message. RFC 5424 puts a version and further fields
// after it.
func (p *prefixes) priority() bool {
	digits, _, ok := bytes.Cut(p.rest[1:min(len(p.rest), len("<191>"))], []byte(">"))
	if !ok || len(digits) == 0 || len(bytes.Trim(digits, "0123456789")) > 0 {
		return false
	}
	p.rest = p.rest[len("<>")+len(digits):]
	if after, ok := bytes.CutPrefix(p.rest, []byte("1 ")); ok {
		p.syslog(after)
	}
	return true
}

// syslog cuts "STAMP HOST APP PROCID MSGID SD ", the fields of a message as in RFC 5424.
func (p *prefixes) syslog(rest []byte) {
	when, rest, _ := bytes.Cut(rest, []byte(" "))
	var fields [4][]byte
	for i := range fields {
		field, after, ok := bytes.Cut(rest, []byte(" "))
		if !ok || len(field) == 0 || len(field) > maxName {
			return
		}
		fields[i], rest = field, after
	}
	rest, ok := cutStructuredData(rest)
	if !ok {
		return
	}
	p.name(fields[0])
	p.name(fields[1])
	if s, after, found := cutStamp(when, p.received); found && len(after) == 0 {
		p.time(s.at)
	}
	p.rest, p.hasTag = rest, true
}

// cutStructuredData cuts a leading "-", or elements of the form [id name="value"], and the space
// that follows. A value may contain brackets, and quotation marks escaped with a backslash.
func cutStructuredData(text []byte) (rest []byte, ok bool) {
	if rest, ok = bytes.CutPrefix(text, []byte("- ")); ok {
		return rest, true
	}
	quoted := false
	for i := 0; i < len(text) && i < maxPrefix; i++ {
		switch c := text[i]; {
		case i == 0 && c != '[':
			return text, false
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && c == ']' && i+1 < len(text) && text[i+1] == ' ':
			return text[i+2:], true
		}
	}
	return text, false
}

// bracket cuts "[…] " or "[…]: ". The content may be a stamp, the seconds since the computer
// started, or the names of a pod and a container.
func (p *prefixes) bracket() bool {
	end := bytes.IndexByte(p.rest[:min(len(p.rest), maxName+2)], ']')
	if end < 2 {
		return false
	}
	content, rest := p.rest[1:end], p.rest[end+1:]
	if s, after, found := cutStamp(bytes.TrimLeft(content, " "), p.received); found && len(after) == 0 {
		return p.stamped(s, rest) || p.uptime(rest)
	}
	if !p.take(bytes.CutPrefix(rest, []byte(": "))) && !p.take(bytes.CutPrefix(rest, []byte(" "))) {
		return false
	}
	p.name(content)
	return true
}

// uptime handles the text after "[SECONDS]", the seconds since the computer started.
func (p *prefixes) uptime(rest []byte) bool {
	rest, ok := bytes.CutPrefix(rest, []byte(" "))
	if ok {
		p.rest = rest
		p.sender(rest)
	}
	return ok
}

// cutStream cuts "stdout F " or the like, which a container runtime writes after the stamp. P in
// place of F means that the line is continued by the next one; see lineParts.
func cutStream(text []byte) (rest []byte, ok bool) {
	for _, stream := range []string{"stdout F ", "stderr F ", "stdout P ", "stderr P "} {
		if rest, ok = bytes.CutPrefix(text, []byte(stream)); ok {
			return rest, true
		}
	}
	return text, false
}

// cutOctetCount cuts the length that may precede a syslog message, as in "105 <29>".
func cutOctetCount(text []byte) (rest []byte, ok bool) {
	count, _, ok := bytes.Cut(text[:min(len(text), len("99999 <"))], []byte(" <"))
	if !ok || len(count) == 0 || len(bytes.Trim(count, "0123456789")) > 0 {
		return text, false
	}
	return text[len(count)+len(" "):], true
}

// cutLogTopic cuts "$SYS/broker/log/LEVEL ", the topic to which Mosquitto publishes a line. LEVEL
// is one letter. Topics with a further level are for lines about subscriptions, which have no fixed
// form.
func cutLogTopic(text []byte) (rest []byte, ok bool) {
	rest, ok = bytes.CutPrefix(text, []byte(mosquittoLogTopic))
	if !ok || len(rest) < len("N ") || rest[1] != ' ' {
		return text, false
	}
	return rest[len("N "):], true
}

// service cuts "NAME  | ", which docker compose writes before the lines of a container. On a
// terminal, NAME and the bar are colored. Other supervisors write "0|NAME  | ", with a number.
func (p *prefixes) service() bool {
	name, rest := cutName(p.rest)
	if len(name) > 0 && len(bytes.Trim(name, "0123456789")) == 0 && rest[0] == '|' {
		name, rest = cutName(rest[1:])
	}
	if len(name) == 0 {
		return false
	}
	rest, ok := bytes.CutPrefix(cutGap(rest), []byte("|"))
	if !ok {
		return false
	}
	if rest, ok = bytes.CutPrefix(cutColors(rest), []byte(" ")); !ok {
		return false
	}
	p.name(name)
	return p.take(cutColors(rest), true)
}

// pod cuts "POD CONTAINER ", as tools that follow the logs of several pods write it. The name of
// the pod must contain a hyphen, as the names of nearly all pods do. Otherwise, any two words would
// count as a pod and a container. A message or a stamp must follow.
func (p *prefixes) pod() bool {
	name, rest := cutName(p.rest)
	container, after := cutName(cutGap(rest))
	if len(name) == 0 || len(container) == 0 || !isLabel(name) || !isLabel(container) || bytes.IndexByte(name, '-') < 0 || len(cutGap(after)) == len(after) {
		return false
	}
	after = cutGap(after)
	if _, _, isStamp := cutStamp(bytes.TrimPrefix(after, []byte("[")), p.received); !isStamp && !p.begins(after) {
		return false
	}
	p.name(name)
	p.name(container)
	return p.take(after, true)
}

// isLabel reports whether a text may name a pod or a container, that is, whether it has only
// lower-case letters, digits, dots and hyphens.
func isLabel(name []byte) bool {
	return len(bytes.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789.-")) == 0
}

// cutName cuts a name, which ends before a space, a color or a vertical bar. If there is no such
// end in time, the name is empty.
func cutName(text []byte) (name, rest []byte) {
	end := bytes.IndexAny(text[:min(len(text), maxName+1)], " \x1b|")
	if end < 0 {
		return nil, text
	}
	return text[:end], text[end:]
}

// cutGap cuts spaces and colors.
func cutGap(text []byte) []byte {
	for {
		rest := cutColors(bytes.TrimLeft(text, " "))
		if len(rest) == len(text) {
			return rest
		}
		text = rest
	}
}

func cutColors(text []byte) []byte {
	for {
		rest, ok := cutColor(text)
		if !ok {
			return text
		}
		text = rest
	}
}

// cutColor cuts a color for a terminal: ESC, "[", digits and semicolons, and "m".
func cutColor(text []byte) (rest []byte, ok bool) {
	rest, ok = bytes.CutPrefix(text, []byte("\x1b["))
	if !ok {
		return text, false
	}
	rest, ok = bytes.CutPrefix(bytes.TrimLeft(rest, "0123456789;"), []byte("m"))
	if !ok {
		return text, false
	}
	return rest, true
}
