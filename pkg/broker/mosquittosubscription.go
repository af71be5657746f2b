package broker

import "bytes"

const (
	// mosquittoTopics is the beginning of the topics to which only Mosquitto itself can publish, from
	// 1.6 on.
	mosquittoTopics = "$SYS/"
	// mosquittoLogTopic is the beginning of the topics to which Mosquitto publishes its log. The
	// rest of the topic is the level.
	mosquittoLogTopic = "$SYS/broker/log/"
	// mosquittoSubscriptionTopic is the beginning of the topics of lines about subscriptions; see
	// mosquittoFilter.
	mosquittoSubscriptionTopic = mosquittoLogTopic + "M/"
)

// mosquittoIgnores reports whether the messages of a topic are never recorded. They are lines about
// subscriptions, or messages that Mosquitto publishes besides its log. A bridge may have put a
// prefix before the topic.
func mosquittoIgnores(topic []byte) bool {
	return bytes.HasSuffix(topic, []byte("/M/subscribe")) || bytes.HasSuffix(topic, []byte("/M/unsubscribe")) ||
		bytes.HasPrefix(topic, []byte(mosquittoTopics)) && !bytes.HasPrefix(topic, []byte(mosquittoLogTopic))
}

// mosquittoFilter is the topic filter in the previous line. It is empty if that line is not a debug
// line with a filter.
//
// If the log types subscribe and unsubscribe are switched on, Mosquitto writes the lines "ID QOS
// FILTER" and "ID FILTER". A client chooses all of their text, so they may look like a line about
// another client. If the log type debug is switched on, too, Mosquitto first writes a line with a
// tab, the filter and, for a subscription, the QoS. Without this debug line, a forged line cannot
// be recognized.
type mosquittoFilter []byte

// follow reads the next line. It reports whether the line is about a subscription to the filter in
// the previous line.
func (f *mosquittoFilter) follow(line []byte, in *logText) (isSubscription bool) {
	line = line[:len(line)-len(in.own)+len(in.stamp)+len(in.text)] // without a final color
	isSubscription = f.ends(line)
	*f = (*f)[:0]
	if filter, isIndented := bytes.CutPrefix(in.text, []byte("\t")); isIndented {
		*f = append(*f, filter...)
	}
	return isSubscription
}

// ends reports whether the line ends with a space and the filter.
func (f mosquittoFilter) ends(line []byte) bool {
	if len(f) == 0 {
		return false
	}
	if before, ok := bytes.CutSuffix(line, f); ok && bytes.HasSuffix(before, []byte(" ")) {
		return true
	}
	filter, qos, hasQoS := cutLast(f, " (QoS ")
	if !hasQoS || len(qos) != len("0)") {
		return false
	}
	before, ok := bytes.CutSuffix(line, filter)
	return ok && bytes.HasSuffix(before, []byte(" "))
}
