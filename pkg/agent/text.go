package agent

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// maxText and maxSentence are the maximum lengths, in bytes, of a text and of a sentence in a result.
// Longer ones are cut, and end with the number of missing bytes. The API itself limits texts to 512
// bytes.
const (
	maxText     = 128
	maxSentence = 400
)

// text is a text from a device or a broker, other than a client identifier. Client identifiers are
// never cut, because the agent needs them for further questions.
type text string

// sentence is a sentence from the API. It can quote texts from devices in full.
type sentence string

// MarshalText implements encoding.TextMarshaler.
func (t text) MarshalText() ([]byte, error) { return cut(string(t), maxText), nil }

// MarshalText implements encoding.TextMarshaler.
func (s sentence) MarshalText() ([]byte, error) { return cut(string(s), maxSentence), nil }

func cut(text string, limit int) []byte {
	if len(text) <= limit {
		return []byte(text)
	}
	for !utf8.RuneStart(text[limit]) {
		limit--
	}
	return fmt.Appendf(nil, "%s… (%d more bytes)", text[:limit], len(text)-limit)
}

// encode returns the JSON of a value without HTML escapes and without invisible characters.
func encode(v any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(err)
	}
	return visible(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// visible escapes all characters that a person would not see in JSON, such as controls of the text
// direction, zero-width characters, tags, variation selectors and fillers. Otherwise, a device could
// use them to send instructions that a model reads and people do not see.
func visible(encoded []byte) []byte {
	if !bytes.ContainsFunc(encoded, isInvisible) {
		return encoded
	}
	var b []byte
	for _, r := range string(encoded) {
		switch {
		case !isInvisible(r):
			b = utf8.AppendRune(b, r)
		case r > 0xFFFF:
			high, low := utf16.EncodeRune(r)
			b = fmt.Appendf(b, `\u%04x\u%04x`, high, low)
		default:
			b = fmt.Appendf(b, `\u%04x`, r)
		}
	}
	return b
}

func isInvisible(r rune) bool {
	return !strconv.IsPrint(r) || unicode.In(r, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// size returns the number of bytes that JSON takes inside a JSON string, which is how a result contains
// it.
func size(encoded []byte) int {
	quoted, err := json.Marshal(string(encoded))
	if err != nil {
		panic(err)
	}
	return len(quoted) - len(`""`)
}
