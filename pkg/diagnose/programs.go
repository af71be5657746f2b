package diagnose

import (
	"math"
	"slices"
	"strings"
	"time"

	"devicetrace/pkg/history"
)

// settings holds fields of CONNECT that a program seldom changes between connections. Connections
// with different settings probably come from different programs or devices.
type settings struct {
	keepAlive history.KeepAlive
	version   int32
	username  string
}

func settingsOf(c *history.Connection) settings {
	return settings{c.KeepAlive, c.ProtocolVersion, c.Username}
}

// differ reports whether two connections certainly have different settings.
func differ(a, b settings) bool {
	return a.keepAlive.Known && b.keepAlive.Known && a.keepAlive != b.keepAlive ||
		history.Differ(a.version, b.version) || history.Differ(a.username, b.username)
}

// twoPrograms finds connections with different settings that keep taking over the client identifier
// from each other. It returns nil if twoPlaces already shows that there are several clients. The
// connections may come from one address. Their length does not matter, because a device that moves
// between networks keeps its settings.
func (in *input) twoPrograms() *finding {
	f := (&fight[settings]{party: settingsOf, differ: differ, within: math.MaxInt64}).search(in)
	if !f.isCertain() || in.places != nil {
		return nil
	}
	last := f.returns[len(f.returns)-1]
	var evidence []citation
	for _, s := range newest(f.returns) {
		evidence = append(evidence, citeEnd(s.ended, withKeepAlive(s.ended)...))
	}
	differences := differencesOf(settingsOf(last.ended), settingsOf(last.next))
	found := &finding{
		count:    len(f.returns),
		when:     inOrder(f.returns, endTime),
		values:   values{"differences": differences, "behind": whereabouts(f.returns)},
		evidence: evidence,
	}
	for _, difference := range differences {
		found.more = append(found.more, sentence{phrase: alternations[difference.phrase]})
	}
	return found
}

// alternations maps each difference to the phrase that says how one device can alternate in this way.
var alternations = map[phrase]phrase{
	differentKeepAlive: mayAlternateKeepAlive,
	differentVersion:   mayAlternateVersion,
	differentUser:      mayAlternateUser,
}

// whereabouts returns a phrase that names the addresses of both connections of every takeover. The
// phrase is empty if any of these addresses is unknown.
func whereabouts(takeovers []succession) sentence {
	if slices.ContainsFunc(takeovers, func(s succession) bool { return s.ended.PeerAddress == "" || s.next.PeerAddress == "" }) {
		return sentence{phrase: nowhere}
	}
	if found := involved(takeovers); len(found) > 1 {
		return sentence{at, values{"addresses": found}}
	}
	return sentence{behind, values{"address": quoted(takeovers[0].ended.PeerAddress)}}
}

// differences is a value that lists the settings in which connections differ.
type differences []sentence

// maxDifferences is the maximum number of settings that a list of differences shows.
const maxDifferences = 2

func differencesOf(a, b settings) differences {
	var found differences
	if a.keepAlive.Known && b.keepAlive.Known && a.keepAlive != b.keepAlive {
		found = append(found, sentence{differentKeepAlive, values{"a": keepAliveOf(a), "b": keepAliveOf(b)}})
	}
	if history.Differ(a.version, b.version) {
		found = append(found, sentence{differentVersion, values{"a": mqttVersion(a.version), "b": mqttVersion(b.version)}})
	}
	if history.Differ(a.username, b.username) {
		one, other := told(a.username, b.username)
		found = append(found, sentence{differentUser, values{"a": one, "b": other}})
	}
	return found[:min(len(found), maxDifferences)]
}

func keepAliveOf(s settings) length { return length(s.keepAlive.Value.Round(time.Second)) }

func (d differences) in(lang Lang) string {
	texts := make([]string, len(d))
	for i, one := range d {
		texts[i] = one.in(lang)
	}
	return strings.Join(texts, [2]string{" and ", "、"}[lang.index()])
}

// mqttVersion is a value that shows the protocol level of CONNECT as a version of MQTT.
type mqttVersion int32

func (v mqttVersion) in(Lang) string {
	switch v {
	case 3:
		return "3.1"
	case 4:
		return "3.1.1"
	default:
		return number(v).in(English)
	}
}
