package broker_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

// After a reload, Mosquitto may disconnect clients with the same line as after a DISCONNECT.
func TestMosquittoReload(t *testing.T) {
	const reload, left, row = "Reloading config.", "a disconnect disconnected by client", "a close unexplained"
	const end, late = "1795339800: Client a disconnected.\n", "1795339801: Client a disconnected.\n"
	for _, c := range []struct{ name, body, want string }{
		{"directly after it", stamped(reload) + end, row},
		{"two clients", stamped(reload, "Client b disconnected.") + end, "b close unexplained, " + row},
		{"2.1", stamped(reload, "Client a [192.0.2.7:1] disconnected."), row},
		{"messages about the configuration", stamped(reload, "Loading config file /etc/mosquitto/conf.d/a.conf", "Warning: x") + end, row},
		{"a second later", stamped(reload) + late, left},
		{"after another client's end with a reason", stamped(reload, "Client b closed its connection.") + end, "b close closed by client, " + left},
		{"after a packet", stamped(reload, "Received DISCONNECT from a") + end, left},
		{"after a new network connection", stamped(reload, "New connection from 192.0.2.7:1 on port 1883.") + end, left},
		{"after a connect", stamped(reload, connected("b", 1)) + end, "b connect accepted, " + left},
		{"local times", "2026-11-22T09:30:00: " + reload + "\n2026-11-22T09:30:00: Client a disconnected.", row},
		{"local times a second later", "2026-11-22T09:30:00: " + reload + "\n2026-11-22T09:30:01: Client a disconnected.", left},
		{"no times", reload + "\nClient a disconnected.", row},
		{"another broker", "a-1  | " + reload + "\nb-1  | Client a disconnected.", left},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, summary(decode(t, "mosquitto", c.body))) })
	}
	e := decode(t, "mosquitto", stamped(reload)+end).Events[0]
	require.Equal(t, event.Unexplained, e.ActionInfo)
	require.Empty(t, e.NativeReason)
	require.Equal(t, "a connect accepted, a close unexplained", summary(decode(t, "mosquitto", stamped(connected("a", 1), reload)+end+stamped(stopLine))))
}
