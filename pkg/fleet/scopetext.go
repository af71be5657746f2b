package fleet

import (
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Lang is a language for texts. An unknown value means English.
type Lang string

const (
	English Lang = "en"
	Chinese Lang = "zh" // Simplified
)

// wording chooses and fills in the phrases for a scope.
type wording struct {
	*Scope
	lang Lang
}

// phrase returns the text of the phrase with the given name. If the scope is about refused logins,
// it prefers the variant about them. values alternates between the names of placeholders and their
// values.
func (w wording) phrase(name phrase, values ...string) string {
	texts, found := phrases[refusedPrefix+name]
	if w.Of != Refusals || !found {
		texts = phrases[name]
	}
	text := texts[0]
	if w.lang == Chinese {
		text = texts[1]
	}
	pairs := make([]string, len(values))
	for i, v := range values {
		pairs[i] = v
		if i%2 == 0 {
			pairs[i] = "{" + v + "}"
		}
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// Title returns the scope in a few words.
func (s *Scope) Title(lang Lang) string {
	w := wording{s, lang}
	name := shown(s.Name)
	surge := s.facts.surge
	switch {
	case surge != nil && s.Kind == ByNode && surge.isReturn:
		return w.phrase("title-came-back", "name", name)
	case surge != nil && s.Kind == ByNode:
		return w.phrase("title-left", "name", name)
	case surge != nil:
		return w.phrase("title-all-came-back")
	case s.Kind == Alone:
		return w.phrase(w.aloneTitle())
	case s.Kind == NotClear && s.facts.elsewhere != nil:
		return w.phrase("title-elsewhere")
	case s.Kind == NotClear && s.isUsual():
		return w.phrase("title-usual")
	default:
		return w.phrase(phrase("title-"+strings.ReplaceAll(string(s.Kind), " ", "-")), "name", name)
	}
}

func (w wording) aloneTitle() phrase {
	titles := [2]phrase{"title-alone", "title-two"}
	switch {
	case w.facts.isInstant:
		titles = [2]phrase{"title-none", "title-one"}
	case w.facts.isStill:
		titles = [2]phrase{"title-no-other", "title-one-other"}
	}
	return titles[min(w.Others, 1)]
}

func (s *Scope) isUsual() bool { return float64(s.Others) <= s.Usual }

// Text explains the scope in one or two sentences, and adds the caveats that apply.
func (s *Scope) Text(lang Lang) string {
	w := wording{s, lang}
	sentences := w.sentences()
	if s.ReceivedTimes {
		sentences = append(sentences, w.phrase("received"))
	}
	if s.Provisional {
		sentences = append(sentences, w.phrase("provisional"))
	}
	if lang == Chinese {
		return strings.Join(sentences, "") // a Chinese full stop already includes some space
	}
	return strings.Join(sentences, " ")
}

func (w wording) sentences() []string {
	f := &w.facts
	switch {
	case w.Kind == Unknown:
		return []string{w.phrase("unknown")}
	case f.surge != nil:
		return []string{w.connected(f.surge), w.phrase("crash")}
	case f.elsewhere != nil && w.Kind == NotClear:
		return []string{w.dropped(f.elsewhere), w.elsewhere(f.elsewhere.kind)}
	case w.Kind == NotClear && w.isUsual():
		return []string{w.dropped(nil), w.phrase("no-common-cause")}
	case w.Kind == NotClear:
		return []string{w.dropped(nil), w.phrase("too-few")}
	case w.Kind == Alone:
		return []string{w.dropped(nil)}
	case w.Kind == Fleet:
		return append([]string{w.dropped(nil)}, w.burst()...)
	case w.Kind == ByNode && f.named.isOnly:
		return append([]string{w.dropped(&f.named)}, w.phrase("only-node"))
	default:
		return append([]string{w.dropped(&f.named)}, w.burst()...)
	}
}

// dropped returns the sentence that says how many devices dropped, how many of them in the given
// group, and how many usually do. The group may be nil.
func (w wording) dropped(g *group) string {
	atMost := phrase("exactly")
	if !w.Exact {
		atMost = "at-most"
	}
	names := [3]phrase{"no-others", "one-other", "others"}
	if w.facts.isInstant {
		names = [3]phrase{"no-device", "one-device", "devices"}
	}
	name := names[min(w.Others, 2)]
	return w.phrase(name, "atMost", w.phrase(atMost), "count", grouped(w.Others)) + w.where(g) + w.usually(w.Usual)
}

// where says how many of the devices are in a group. If there is no group and the scope is the
// fleet, it says how many nodes the devices were on.
func (w wording) where(g *group) string {
	switch {
	case g == nil && w.Kind == Fleet && w.facts.nodes > 1:
		return w.phrase("on-nodes", "nodes", strconv.Itoa(w.facts.nodes))
	case g == nil:
		return ""
	}
	places := map[Kind]phrase{ByNode: "on-node", ByNetwork: "in-network", ByReason: "with-reason"}
	return w.phrase(places[g.kind], "share", w.share(g), "name", shown(g.name))
}

// share returns a group's share of the other devices. It does not say "all" if the share is an
// estimate.
func (w wording) share(g *group) string {
	percent := min(100, (100*g.others+w.Others/2)/max(w.Others, 1))
	isExact := w.Complete || w.facts.isSplit && g.kind != ByNetwork
	switch isAll := g.others >= w.Others; {
	case isAll && isExact:
		return w.phrase("all")
	case isAll || percent == 100:
		return w.phrase("nearly-all")
	case isExact:
		return w.phrase("percent", "percent", strconv.FormatInt(percent, 10))
	default:
		return w.phrase("about", "percent", strconv.FormatInt(percent, 10))
	}
}

func (w wording) usually(usual float64) string {
	if usual == 0 {
		return w.phrase("usually-none")
	}
	text := grouped(int64(usual))
	if _, half, found := strings.Cut(strconv.FormatFloat(usual, 'f', -1, 64), "."); found {
		text += "." + half
	}
	return w.phrase("usually", "usual", text)
}

// burst returns the sentence that says how quickly nearly all devices dropped, or none if that is
// not known.
func (w wording) burst() []string {
	b := w.facts.burst
	if b.length == 0 {
		return nil
	}
	units := [2]string{" s", " 秒"}
	length, unit := b.length/time.Second, units[0]
	if w.lang == Chinese {
		unit = units[1]
	}
	text := strconv.Itoa(int(length)) + unit
	if b.isSample {
		return []string{w.phrase("sample", "sample", strconv.Itoa(b.sample), "length", text)}
	}
	return []string{w.phrase("burst", "length", text)}
}

func (w wording) elsewhere(kind Kind) string {
	switch kind {
	case ByNode:
		return w.phrase("own-node", "node", shown(w.facts.ownNode))
	case ByNetwork:
		return w.phrase("own-network")
	default:
		return w.phrase("own-reason")
	}
}

// connected returns the sentence about a surge.
func (w wording) connected(s *surge) string {
	where := ""
	switch {
	case s.node != "" && s.isReturn:
		where = w.phrase("nearly-all-to", "name", shown(s.node))
	case s.node != "":
		where = w.phrase("hardly-any-to", "name", shown(s.node))
	}
	return w.phrase("connected", "count", grouped(s.devices), "where", where) + w.usually(s.usual)
}

// maxShown is the maximum number of characters of a name from a client or a broker.
const maxShown = 40

// shown returns a name on one line. It cuts a long name in the middle.
func shown(name string) string {
	runes := []rune(strings.Join(strings.FieldsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " "))
	if len(runes) <= maxShown {
		return string(runes)
	}
	return string(runes[:maxShown/2]) + "…" + string(runes[len(runes)-maxShown/2+1:])
}

// grouped formats n with commas as thousands separators. n must not be negative.
func grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
