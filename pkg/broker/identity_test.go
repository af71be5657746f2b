package broker_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

// in returns a copy of meta with the given delivery id.
func in(delivery string) broker.Meta {
	with := meta
	with.DeliveryID = delivery
	return with
}

// An event without a time must differ from every event of another delivery, even if the source gave
// both events the same identifier. Decoding one delivery twice must result in the same event.
func TestNoSourceIdentifiesAnEventWithoutATime(t *testing.T) {
	for _, name := range broker.Names() {
		decodeIn := func(delivery string) event.Event {
			with := in(delivery)
			with.Hook, with.Position = "on_register", ""
			if isLog(name) {
				with.Position = "log-1:1000"
			}
			got := decodeWith(t, name, fmt.Sprintf(fromClient[name], "c", "same"), with)
			require.Len(t, got.Events, 1, name)
			require.Equal(t, event.FromReceiver, got.Events[0].TimeOrigin, name)
			return got.Events[0]
		}
		first, again, other := decodeIn("0000000a"), decodeIn("0000000a"), decodeIn("0000000b")
		require.Equal(t, first, again, name)
		require.NotZero(t, event.CompareIdentity(&first, &other), name)
	}
}

// If an event has a time, the delivery's id must not become part of the event's identifier.
func TestAnEventWithATimeDoesNotDependOnItsDelivery(t *testing.T) {
	timed := 0
	for _, name := range broker.Names() {
		for _, path := range allSamples(t, name) {
			_, body := sample(t, path)
			a, b := sampleMeta(t, path), sampleMeta(t, path)
			b.DeliveryID = "ffffffff"
			first, second := decodeWith(t, name, body, a).Events, decodeWith(t, name, body, b).Events
			for i := range first {
				isSame := event.CompareIdentity(&first[i], &second[i]) == 0
				require.Equal(t, first[i].TimeOrigin == event.FromBroker, isSame, path)
				if isSame {
					timed++
				}
			}
		}
	}
	require.Greater(t, timed, 30)
}

// The identifier of an event without a time ends with the delivery's id and the item's index in the
// body. Rejected items count toward the index. If the source sent an identifier, the result begins
// with it.
func TestIdentifiersOfEventsWithoutATime(t *testing.T) {
	const timeless, timed = `{"client_id":"c","action":"connect"}`, `{"client_id":"c","action":"connect","time":1795339800000}`
	withID := strings.Replace(timeless, "}", `,"source_event_id":"order-7"}`, 1)
	want := []string{"1a2b3c4d-00000", "1a2b3c4d-00002", "", "order-7-1a2b3c4d-00004", "order-7-1a2b3c4d-00005"}
	items := []string{timeless, `{"junk":1}`, timeless, timed, withID, withID}
	require.Equal(t, want, ids(decode(t, "events", "["+strings.Join(items, ",")+"]").Events))
	require.Equal(t, want, ids(decode(t, "events", "\n"+strings.Join(items, "\n\n")).Events))
}

// Cutting a long identifier removes its end, which holds the delivery's id and the item's index.
// The digest in the cut identifier must still distinguish the events.
func TestALongIdentifierKeepsEventsApart(t *testing.T) {
	item := fmt.Sprintf(`{"client_id":"c","action":"connect","source_event_id":%q}`, strings.Repeat("x", 600))
	got := decode(t, "events", "["+item+","+item+"]").Events
	require.Len(t, got, 2)
	require.Len(t, got[0].SourceEventID, 512)
	require.NotZero(t, event.CompareIdentity(&got[0], &got[1]))
}

// A notification without a time gets the envelope's time and the message's identifier, or the
// envelope's identifier if the message has none. Redeliveries have the same envelope and so become
// the same event. If the time or both identifiers are missing, nothing identifies the event.
func TestAnEnvelopeIdentifiesANotificationWithoutATime(t *testing.T) {
	const notice = `{"eventType":"connect","clientId":"c"}`
	message := func(members, properties string) string {
		return fmt.Sprintf(`{%s"data":{"systemProperties":{%s},"body":%q}}`, members, properties, notice)
	}
	const id, time, key = `"id":"e-1",`, `"time":"2026-11-22T09:35:00.5Z",`, `"UNIQ_KEY":"AC14"`
	for _, c := range []struct{ name, body, want string }{
		{"message id and time", message(id+time, key), "AC14 2026-11-22 09:35:00.5 broker"},
		{"another envelope of the message", message(`"id":"e-2",`+time, key), "AC14 2026-11-22 09:35:00.5 broker"},
		{"no message id", message(id+time, ""), "e-1 2026-11-22 09:35:00.5 broker"},
		{"no envelope time", message(id, key), "AC14-1a2b3c4d-00000 2026-11-22 09:40:00.123 received"},
		{"no id", message(time, ""), "1a2b3c4d-00000 2026-11-22 09:40:00.123 received"},
		{"no envelope", notice, "1a2b3c4d-00000 2026-11-22 09:40:00.123 received"},
	} {
		got := decode(t, "apsaramq", c.body)
		require.Empty(t, got.Rejected, c.name)
		e := got.Events[0]
		require.Equal(t, c.want, fmt.Sprint(e.SourceEventID, " ", e.Time.Format("2006-01-02 15:04:05.999"), " ", e.TimeOrigin), c.name)
	}
	for members, field := range map[string]string{
		id + `"time":"yesterday",`: "time", id + `"time":"2026-11-22T11:00:00Z",`: "time", `"id":7,` + time: "id",
	} {
		require.Equal(t, "rejected 0 "+field, summary(decode(t, "apsaramq", message(members, ""))), members)
	}
	require.Equal(t, "rejected 0 data.systemProperties.UNIQ_KEY", summary(decode(t, "apsaramq", message(id+time, `"UNIQ_KEY":7`))))
}
