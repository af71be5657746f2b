package webhook

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// notification returns the payload that a RocketMQ trigger delivers when the given client
// connects.
func notification(client string) string {
	return fmt.Sprintf(`{"id":"%[1]s","source":"RocketMQ-Function-rocketmq-trigger","specversion":"1.0","type":"mq:Topic:SendMessage",
		"datacontenttype":"application/json; charset=utf-8","subject":"acs:mq:cn-hangzhou:1:MQ_INST%%mqtt","time":"2026-11-22T07:59:59Z",
		"data":{"topic":"mqtt","systemProperties":{"TAGS":"connect","CONSUME_START_TIME":1795334399000},"userProperties":{},
		"body":"{\"eventType\":\"connect\",\"clientId\":\"%[1]s\",\"channelId\":\"0f1e2d3c4b5a69788796a5b4c3d2e1f0\",\"clientIp\":\"192.0.2.7\",\"time\":%[2]d}"}}`,
		client, now.UnixMilli())
}

func TestEvent(t *testing.T) {
	for name, payload := range map[string]string{
		"classic trigger": notification("c1"),
		"event stream":    "[" + notification("c1") + "]",
		"plain message":   fmt.Sprintf(`{"eventType":"connect","clientId":"c1","channelId":"x","time":%d}`, now.UnixMilli()),
	} {
		t.Run(name, func(t *testing.T) {
			b := &harness{}
			require.NoError(t, b.handler().Event(t.Context(), []byte(payload)))
			require.Len(t, b.recorded, 1)
			require.Equal(t, "c1", string(b.recorded[0].ClientID))
			require.Equal(t, "apsaramq", string(b.recorded[0].InstanceID))
			require.Equal(t, now, b.recorded[0].ReceivedAt)
			require.Empty(t, b.quarantined)
		})
	}
}

func TestEventSamples(t *testing.T) {
	files, err := filepath.Glob("../../events/rocketmq-*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		payload, err := os.ReadFile(file)
		require.NoError(t, err)
		b := &harness{}
		config := b.config()
		config.Now = func() time.Time { return now.Add(2 * time.Hour) }
		require.NoError(t, mustNew(config).Event(t.Context(), payload))
		require.NotEmpty(t, b.recorded, file)
		require.Empty(t, b.quarantined, file)
	}
}

func TestEventsOfABatch(t *testing.T) {
	b := &harness{}
	payload := "[" + notification("c1") + `,"junk",` + notification("c2") + "]"
	require.NoError(t, b.handler().Event(t.Context(), []byte(payload)))
	require.Len(t, b.recorded, 2)
	kept := b.kept(t)
	require.Equal(t, payload, string(kept.Body))
	require.Equal(t, []string{"apsaramq", "apsaramq"}, []string{kept.Route, string(kept.InstanceID)})
	require.Equal(t, 1, kept.Errors[0].Item)
}

// TestEventNotUnderstood checks that Event quarantines a payload that cannot be decoded. Event must
// not return an error, because redelivering the payload would not help.
func TestEventNotUnderstood(t *testing.T) {
	for _, payload := range []string{"", "junk", "{}", "\xff", `{"triggerName":"t","payload":""}`} {
		b := &harness{}
		require.NoError(t, b.handler().Event(t.Context(), []byte(payload)), payload)
		require.Empty(t, b.recorded)
		require.Equal(t, payload, string(b.kept(t).Body))
	}
}

// TestEventIsDeliveredAgain checks that Event returns an error if a redelivery could help. The
// error makes the platform redeliver the payload.
func TestEventIsDeliveredAgain(t *testing.T) {
	down := errors.New("down")
	b := &harness{appendErr: down}
	require.ErrorIs(t, b.handler().Event(t.Context(), []byte(notification("c1"))), down)
	b = &harness{putErr: down}
	err := b.handler().Event(t.Context(), []byte("junk"))
	require.ErrorIs(t, err, down)
	require.False(t, strings.Contains(err.Error(), "junk"))
}
