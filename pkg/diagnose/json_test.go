package diagnose_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/diagnose"
	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
)

// TestReportAsJSON checks the JSON form of a report, which the API sends.
func TestReportAsJSON(t *testing.T) {
	began := connect("08:00:00", channel("c1"), from("192.0.2.7", 52341), user("u1"), node("n1"), keepAlive(60), source(broker.Events))
	began.Protocol, began.ProtocolVersion, began.CleanStart = "MQTT", 5, event.Some(true)
	ended := closed("08:30:00.120", event.NoHeart, channel("c1"), native("disconnect"), reason("i/o timeout"))
	refused := closed("08:40:00", event.NotAuthorized, native("connack"), reason("bad username or password"), from("192.0.2.7", 1), user("u1"), source(broker.Events))
	refused.ReasonCode = event.Some(int32(0x86))
	span := history.Span{From: clock("08:00:00"), To: clock("09:00:00").Add(123456)}

	got := report([]event.Event{began, ended, refused}, span, history.Status{}, diagnose.English)
	require.Len(t, got.Verdicts, 2)
	got.Verdicts = got.Verdicts[:1]
	const connection = `{
		"channel_id": "c1", "start": "2026-11-22T08:00:00.000Z", "end": "2026-11-22T08:30:00.120Z", "end_is": "reported", "kind": "no-heart",
		"action": "close", "action_info": "no heart", "native_event": "disconnect", "native_reason": "i/o timeout", "reason_code": null,
		"peer_address": "192.0.2.7", "peer_port": 52341, "username": "u1", "node": "n1", "protocol": "MQTT", "protocol_version": 5,
		"keep_alive": 60, "clean_start": true, "source": "events"}`
	require.JSONEq(t, `{
		"status": {"state": "offline", "since": "2026-11-22T08:30:00.120Z", "connection": `+connection+`, "last_event_at": "2026-11-22T08:40:00.000Z"},
		"connections": [`+connection+`],
		"refusals": [{
			"time": "2026-11-22T08:40:00.000Z", "action": "close", "action_info": "not authorized", "native_event": "connack",
			"native_reason": "bad username or password", "reason_code": 134, "peer_address": "192.0.2.7", "peer_port": 1, "username": "u1",
			"node": "", "source": "events"}],
		"timeline": [
			{"from": "2026-11-22T08:00:00.000Z", "to": "2026-11-22T08:30:00.120Z", "state": "online"},
			{"from": "2026-11-22T08:30:00.120Z", "to": "2026-11-22T09:00:00.000Z", "state": "offline"}],
		"summary": {
			"online_ms": 1800120, "offline_ms": 1799880, "unknown_ms": 0, "uptime": 0.5000333333333333, "connects": 1, "drops": 1,
			"disconnects": 0, "unexplained": 0, "unreported": 0, "refusals": 1, "longest_ms": 1800120, "median_ms": 1800120,
			"longest_offline_ms": 1799880},
		"verdicts": [{
			"code": "keep-alive-timeout", "level": "problem", "title": "No heartbeat: the client went silent",
			"meaning": "The broker heard nothing from the client for longer than it allows and ended the connection (no heart), once. The network, the power or the program may have failed.",
			"next": "Check the network's stability and the device's power at those times. Check that its program is not blocked or overloaded, and sends its heartbeat in time.",
			"more": "The network may have been interrupted, the device may have lost power or slept, or its program may have been blocked. The events do not say which. It happened at 2026-11-22 08:30:00 UTC.",
			"count": 1,
			"evidence": [{
				"time": "2026-11-22T08:30:00.120Z", "action": "close", "action_info": "no heart", "native_reason": "i/o timeout",
				"text": "The connection had lasted 30 min. The client's address was 192.0.2.7. The keep alive was 1 min."}]}]
	}`, asJSON(t, got))
}

func TestReportOfNothingAsJSON(t *testing.T) {
	got := diagnosed(nil)
	got.Verdicts[0].Title, got.Verdicts[0].Meaning, got.Verdicts[0].Next = "", "", ""
	require.JSONEq(t, `{
		"status": {"state": "unknown", "since": null, "connection": null, "last_event_at": null},
		"connections": [], "refusals": [],
		"timeline": [{"from": "2026-11-22T00:00:00.000Z", "to": "2026-11-22T23:59:59.999Z", "state": "unknown"}],
		"summary": {
			"online_ms": 0, "offline_ms": 0, "unknown_ms": 86399999, "uptime": null, "connects": 0, "drops": 0, "disconnects": 0,
			"unexplained": 0, "unreported": 0, "refusals": 0, "longest_ms": null, "median_ms": null, "longest_offline_ms": null},
		"verdicts": [{"code": "nothing-recorded", "level": "info", "title": "", "meaning": "", "next": "", "more": "", "count": 0, "evidence": []}]
	}`, asJSON(t, got))
}
