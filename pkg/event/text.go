package event

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

// MaxClientID and MaxText are the maximum lengths, in bytes, of a stored client identifier and of
// any other stored text. Both are part of the storage format, so they can never change.
const (
	MaxClientID = 1024
	MaxText     = 512
)

// A cut text ends in cutMark and cutDigits hex digits of the SHA-256 of the whole original text.
const (
	cutMark   = "…"
	cutDigits = 16
	cutSuffix = len(cutMark) + cutDigits
)

// Stored returns the form in which the client identifier is stored. An identifier of up to
// MaxClientID bytes is stored unchanged; a longer one is cut. Stored returns a cut identifier
// unchanged.
//
// A query must call Stored on a given client identifier before it compares the identifier with
// stored ones or computes the shard.
func (id ClientID) Stored() ClientID { return ClientID(cut(string(id), MaxClientID)) }

// IsCut reports whether the client identifier has the form and the length of a cut one. In a query,
// such an identifier names the client whose identifier was cut. A sender, however, must not use
// such an identifier. Otherwise, one client could be recorded under the identifier of another.
func (id ClientID) IsCut() bool { return isCut(string(id), MaxClientID) }

// Bound cuts the client identifier and all other texts that are too long. A decoder must map
// reasons to action infos and split addresses from ports before it calls Bound, because it needs
// the uncut texts.
func (e *Event) Bound() {
	e.ClientID = e.ClientID.Stored()
	for _, text := range []*string{
		&e.ChannelID, &e.Source, &e.SourceEventID, &e.NativeEvent, &e.NativeReason,
		&e.PeerAddress, &e.Username, &e.Node, &e.Protocol,
	} {
		*text = cut(*text, MaxText)
	}
}

// cut returns a text unchanged if it has at most limit bytes. Otherwise, cut shortens the text at
// the last character boundary that leaves enough bytes for the suffix, and appends the suffix. The
// result has limit bytes, or up to utf8.UTFMax-1 fewer. The digest distinguishes long texts that
// begin alike.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	end := limit - cutSuffix
	for back := range utf8.UTFMax {
		if utf8.RuneStart(text[end-back]) {
			end -= back
			break
		}
	}
	digest := sha256.Sum256([]byte(text))
	return text[:end] + cutMark + hex.EncodeToString(digest[:cutDigits/2])
}

// isCut reports whether text looks like a result of cut, judging by its length and suffix. In
// practice, such a text came from cut or was forged.
func isCut(text string, limit int) bool {
	if len(text) > limit || len(text) <= limit-utf8.UTFMax {
		return false
	}
	digits, found := strings.CutPrefix(text[len(text)-cutSuffix:], cutMark)
	return found && strings.Trim(digits, "0123456789abcdef") == ""
}
