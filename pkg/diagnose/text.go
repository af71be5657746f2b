package diagnose

import (
	"maps"
	"slices"
	"strings"
)

// Lang is a language of verdicts. Any other text means English.
type Lang string

const (
	English Lang = "en"
	Chinese Lang = "zh" // Simplified
)

// languages are in the order of the columns of texts.
var languages = []Lang{English, Chinese}

// index returns the column of a language's texts.
func (l Lang) index() int { return max(slices.Index(languages, l), 0) }

// verdictText is what a verdict says in one language. {name} stands for a value.
type verdictText struct{ title, meaning, next string }

// sentence is a sentence of evidence, or a part of a text, with its values.
type sentence struct {
	phrase phrase
	values values
}

func (s sentence) in(lang Lang) string { return s.values.into(phrases[s.phrase][lang.index()], lang) }

// paragraph joins sentences.
func paragraph(sentences []sentence, lang Lang) string {
	texts := make([]string, len(sentences))
	for i, s := range sentences {
		texts[i] = s.in(lang)
	}
	return joined(lang, texts...)
}

// joined joins the texts that are not empty.
func joined(lang Lang, texts ...string) string {
	between := " "
	if lang == Chinese {
		between = "" // a Chinese full stop includes the space
	}
	texts = slices.DeleteFunc(texts, func(text string) bool { return text == "" })
	return strings.Join(texts, between)
}

// values are what a text can name.
type values map[string]value

// with returns a copy with one more value. A value that is already there stays.
func (v values) with(name string, value value) values {
	more := values{name: value}
	maps.Copy(more, v)
	return more
}

// into replaces names in a text by their values. Braces inside values, and braces without a
// known name, stay as they are.
func (v values) into(text string, lang Lang) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, _ := strings.Cut(rest, "}")
		value, known := v[name]
		if !known {
			b.WriteString("{")
			text = rest
			continue
		}
		b.WriteString(value.in(lang))
		text = after
	}
}
