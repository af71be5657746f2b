package brokerlog

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// rabbitMessage is one message in RabbitMQ's log. If its text contains line feeds, RabbitMQ splits
// it into several lines and writes the same prefix before each of them.
type rabbitMessage struct {
	// prefix is the part of the line before the text. It is nil if the line is JSON or has no
	// prefix. The line is then a message by itself.
	prefix []byte
	// stamp is the time as written. It is empty if the line has no prefix.
	stamp string
	// time is zero if the stamp has no zone or has an unknown form.
	time time.Time
	// isFine is true if the line has a prefix with microseconds in its stamp. A process never logs
	// two messages in the same microsecond, so lines with the same such prefix are certainly parts
	// of one message.
	isFine  bool
	isDebug bool
	text    string
	parts   int
	// isCut is true if the message may have further parts that were not read.
	isCut bool

	offset int64  // the offset of the first line in the log
	line   []byte // the first line
}

// rabbitPrefix matches the default prefix of RabbitMQ's lines, "$time [$level] $pid ". Its groups
// are the time and the level.
var rabbitPrefix = regexp.MustCompile(`^([^\[\]]{1,40}) \[([A-Za-z]{3,9})\] <\d{1,10}\.\d{1,10}\.\d{1,10}>(?: |$)`)

// parseRabbitMessage parses a line as a message of one part.
func parseRabbitMessage(line []byte, offset int64) rabbitMessage {
	m := rabbitMessage{text: string(line), parts: 1, offset: offset, line: line}
	if isObject(line) {
		m.parseJSON()
		return m
	}
	if at := rabbitPrefix.FindSubmatchIndex(line); at != nil {
		m.prefix, m.text = line[:at[1]], string(line[at[1]:])
		m.stamp, m.isDebug = string(line[at[2]:at[3]]), isDebug(string(line[at[4]:at[5]]))
		m.time, m.isFine = parseRabbitTime(m.stamp)
	}
	return m
}

func isObject(line []byte) bool { return bytes.HasPrefix(line, []byte("{")) && json.Valid(line) }

// parseJSON parses the line of RabbitMQ's JSON formatter. The time may be a number.
func (m *rabbitMessage) parseJSON() {
	var fields struct {
		Time  json.RawMessage `json:"time"`
		Level string          `json:"level"`
		Text  string          `json:"msg"`
	}
	if json.Unmarshal(m.line, &fields) != nil || len(fields.Time) == 0 {
		return // the fields have other names or types
	}
	m.text, m.isDebug = fields.Text, isDebug(fields.Level)
	m.stamp = strings.Trim(string(fields.Time), `"`)
	m.time, _ = parseRabbitTime(m.stamp)
}

// isDebug reports whether a level, in any of RabbitMQ's spellings, is the debug level.
func isDebug(level string) bool {
	switch strings.ToLower(level) {
	case "debug", "dbug", "dbg":
		return true
	}
	return false
}

// parseRabbitTime parses a time in one of the forms of RabbitMQ's setting time_format. It returns a
// zero time for any other form, and for a local time without a zone. isFine reports whether the
// form has microseconds.
func parseRabbitTime(stamp string) (t time.Time, isFine bool) {
	const microseconds = "2006-01-02T15:04:05.000000Z07:00"
	if t, err := time.Parse(microseconds, strings.Replace(stamp, " ", "T", 1)); err == nil {
		return t, true
	}
	seconds, fraction, hasFraction := strings.Cut(stamp, ".")
	number, err := strconv.ParseInt(seconds, 10, 64)
	switch {
	case err != nil || number < 0:
		return time.Time{}, false
	case !hasFraction && number > maxSeconds:
		return time.UnixMicro(number), true
	case !hasFraction:
		return time.Unix(number, 0), false
	}
	fractional, err := strconv.ParseUint(fraction, 10, 32)
	if err != nil || len(fraction) != len("000000") {
		return time.Time{}, false
	}
	return time.Unix(number, int64(fractional)*int64(time.Microsecond)), true
}

// maxSeconds is the largest number that counts as a time in seconds. It is in the year 5138. A
// larger number is a time in microseconds.
const maxSeconds = int64(1e11)

// continues reports whether next is a further part of the message m.
func (m *rabbitMessage) continues(next *rabbitMessage) bool {
	return m.prefix != nil && bytes.Equal(m.prefix, next.prefix)
}

// isAmbiguous reports whether the lines may be one message or several. This is the case if their
// times are too coarse to show which.
func (m *rabbitMessage) isAmbiguous() bool { return m.parts > 1 && !m.isFine }

// rabbitMessages splits consecutive lines of a log into messages. offset is the offset of the first
// line in the log.
func rabbitMessages(lines []byte, offset int64) []rabbitMessage {
	var messages []rabbitMessage
	var parts []string // the parts of the last message
	finish := func() {
		if len(parts) > 1 {
			last := &messages[len(messages)-1]
			last.text, last.parts = strings.Join(parts, "\n"), len(parts)
		}
	}
	for line := range bytes.Lines(lines) {
		m := parseRabbitMessage(bytes.TrimSuffix(line, []byte("\n")), offset)
		offset += int64(len(line))
		if n := len(messages); n > 0 && messages[n-1].continues(&m) {
			parts = append(parts, m.text)
			continue
		}
		finish()
		messages, parts = append(messages, m), append(parts[:0], m.text)
	}
	finish()
	return messages
}
