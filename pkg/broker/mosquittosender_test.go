package broker_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

// If the lines of two brokers are in one body, a stop of one must not end the clients of the other.
func TestMosquittoTwoBrokers(t *testing.T) {
	for _, c := range []struct{ name, a, b string }{ // a and b: the prefixes of each broker
		{"docker compose", "a-1  | ", "b-1  | "},
		{"pods", "[pod/a-0/mosquitto] ", "[pod/b-0/mosquitto] "},
		{"pods in columns", "a-0 mosquitto ", "b-0 mosquitto "},
		{"pods with their container", "default/a-0[mosquitto]: ", "default/b-0[mosquitto]: "},
		{"containers of one pod", "default/x-0[a]: ", "default/x-0[b]: "},
		{"hosts", "Nov 22 09:30:00 host1 mosquitto[7]: ", "Nov 22 09:30:00 host2 mosquitto[7]: "},
		{"hosts in upper case", "Nov 22 09:30:00 SRVA mosquitto[7]: ", "Nov 22 09:30:00 SRVB mosquitto[7]: "},
		{"hosts after a zone", "Sun Nov 22 09:30:00 2026 CET SRVA mosquitto[7]: ", "Sun Nov 22 09:30:00 2026 CET SRVB mosquitto[7]: "},
		{"programs", "Nov 22 09:30:00 host mosquitto-a[7]: ", "Nov 22 09:30:00 host mosquitto-b[7]: "},
		{"syslog", "<29>1 - host1 mosquitto 7 - - ", "<29>1 - host2 mosquitto 7 - - "},
		{"syslog programs", "<29>1 - - a 7 - - ", "<29>1 - - b 7 - - "},
		{"processes of a supervisor", "0|a  | ", "1|b  | "},
		{"with a prefix and without", "a-1  | ", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := c.a + connected("x", 1) + "\n" + c.b + connected("y", 2) + "\n" + c.b + stopLine + "\n" + c.a + startLine
			require.Equal(t, "x connect accepted, y connect accepted, y close ServerShutdown, x close ServerShutdown", summary(decode(t, "mosquitto", body)))
		})
	}
}

func TestMosquittoTwoBrokersInObjects(t *testing.T) {
	for _, form := range []string{
		`{"MESSAGE":%[2]q,"_HOSTNAME":%[1]q}`, `{"log":%[2]q,"container_name":%[1]q}`, `{"message":%[2]q,"host":%[1]q}`, `{"message":%[2]q,"host":{"name":%[1]q}}`,
		`{"log":%[2]q,"kubernetes":{"pod_name":%[1]q,"docker_id":"1"}}`, `{"message":%[2]q,"kubernetes":{"pod":{"name":%[1]q}}}`, `{"short_message":%[2]q,"host":"h","_container_name":%[1]q}`,
	} {
		line := func(sender, text string) string { return fmt.Sprintf(form, sender, text) + "\n" }
		body := line("a", connected("x", 1)) + line("b", connected("y", 2)) + line("b", stopLine) + line("a", startLine)
		require.Equal(t, "x connect accepted, y connect accepted, y close ServerShutdown, x close ServerShutdown", summary(decode(t, "mosquitto", body)), form)
	}
}

// Parts of a prefix that may differ between the lines of one broker must not make it look like
// several brokers.
func TestMosquittoOneBroker(t *testing.T) {
	for _, c := range []struct{ name, a, b string }{
		{"another process", "Nov 22 09:30:00 host mosquitto[7]: ", "Nov 22 09:30:01 host mosquitto[8]: "},
		{"another level", "Nov 22 09:30:00 host daemon.notice mosquitto[7]: ", "Nov 22 09:30:00 host daemon.info mosquitto[7]: "},
		{"another level without a host", "Sun Nov 22 09:30:00 2026 daemon.notice mosquitto[7]: ", "Sun Nov 22 09:30:00 2026 daemon.info mosquitto[7]: "},
		{"another level in words", "2026-11-22T09:30:00Z daemon notice mosquitto[7]: ", "2026-11-22T09:30:00Z daemon info mosquitto[7]: "},
		{"another level in brackets", "[mosquitto] [INFO] ", "[mosquitto] [notice] "},
		{"another priority", "<29>1 - h mosquitto 7 - - ", "<30>1 - h mosquitto 8 ID - "},
		{"another stream", "2026-11-22T09:30:00Z stdout F ", "2026-11-22T09:30:01Z stderr F "},
		{"another color", "\x1b[36mmosquitto_1  |\x1b[0m ", "mosquitto_1  | "},
		{"another topic", "$SYS/broker/log/N ", "$SYS/broker/log/I "},
		{"another time", "[   12.345678] host mosquitto[7]: ", "[  112.345678] host mosquitto[7]: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, "x connect accepted, x close ServerShutdown", summary(decode(t, "mosquitto", c.a+connected("x", 1)+"\n"+c.b+stopLine)))
		})
	}
}

// The meaning of a line may depend on the previous line from the same broker, even if lines of
// other brokers are in between.
func TestMosquittoInterleavedBrokers(t *testing.T) {
	const connect = "New client connected from 192.0.2.7 as %s (c0, k60)."
	lines := []string{
		"a-1  | Socket error on client x, disconnecting.", "b-1  | Socket error on client y, disconnecting.", "a-1  | " + fmt.Sprintf(connect, "x"), "b-1  | " + fmt.Sprintf(connect, "y"),
		"a-1  | Client x has exceeded timeout, disconnecting.", "b-1  | Client y disconnected.", "a-1  | Socket error on client x, disconnecting.",
		"a-1  | mosquitto version 2.0.22 starting", "b-1  | mosquitto version 2.0.9 starting",
		"a-1  | Client x disconnected due to out of memory.", "b-1  | Client y disconnected due to out of memory.",
	}
	got := decode(t, "mosquitto", strings.Join(lines, "\n"))
	require.Equal(t, "x connect accepted, y connect accepted, x close no heart, y disconnect disconnected by client, "+
		"x close ServerShutdown, y close "+string(event.SocketIOException), summary(got))
}

// A body may contain the lines of more than 1,000 brokers. The lines of the further brokers must
// still be read, but their stops end no connections.
func TestMosquittoManyBrokers(t *testing.T) {
	var b strings.Builder
	for i := range 1_010 {
		fmt.Fprintf(&b, "m%[1]d-1  | %[2]s\nm%[1]d-1  | %[3]s\n", i, connected("c", 1), stopLine)
	}
	require.Len(t, decode(t, "mosquitto", b.String()).Events, 1_010+1_000)
}
