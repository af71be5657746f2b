package diagnose

import (
	"maps"
	"slices"
	"strings"
)

// Lang is a language for verdicts. An unknown value means English.
type Lang string

const (
	English Lang = "en"
	Chinese Lang = "zh" // Simplified
)

// languages lists the supported languages, in the order of the columns of verdictTexts and phrases.
var languages = []Lang{English, Chinese}

// index returns the index of the language's column in verdictTexts and phrases.
func (l Lang) index() int { return max(slices.Index(languages, l), 0) }

// verdictText holds a verdict's wording in one language. {name} stands for a value. The texts
// meaning and next must be short; see Verdict. The text more may be empty.
type verdictText struct{ title, meaning, next, more string }

// textsOf returns the wording with the given key in verdictTexts.
func textsOf(key Code, lang Lang) verdictText { return verdictTexts[key][lang.index()] }

// sentence is a phrase together with the values for its placeholders. It stands alone, as in
// evidence, or is part of another sentence.
type sentence struct {
	phrase phrase
	values values
}

func (s sentence) in(lang Lang) string { return s.values.into(phrases[s.phrase][lang.index()], lang) }

// paragraph joins the sentences into one string.
func paragraph(sentences []sentence, lang Lang) string {
	texts := make([]string, len(sentences))
	for i, s := range sentences {
		texts[i] = s.in(lang)
	}
	return joined(lang, texts...)
}

// joined joins the nonempty strings. It puts a space between them unless the language is Chinese.
func joined(lang Lang, texts ...string) string {
	between := " "
	if lang == Chinese {
		between = "" // a Chinese full stop already includes some space
	}
	texts = slices.DeleteFunc(texts, func(text string) bool { return text == "" })
	return strings.Join(texts, between)
}

// values maps the names of placeholders to the values that replace them.
type values map[string]value

// with returns a copy of v with the given name and value added. If v already contains that name,
// the copy keeps v's value.
func (v values) with(name string, value value) values {
	more := values{name: value}
	maps.Copy(more, v)
	return more
}

// into replaces each {name} in a text with the value of that name, and returns the result. It
// leaves {name} unchanged if v contains no such name. It does not replace placeholders inside
// values.
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
