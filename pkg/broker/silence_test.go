package broker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The lengths were measured on connections that real brokers ended, or follow from the brokers'
// source code.
func TestSilenceOf(t *testing.T) {
	const second = time.Second
	proven := Silence{Proven: true, Soon: true}
	within := func(latest float64) Silence {
		return Silence{Latest: time.Duration(latest * float64(second)), Soon: true}
	}
	later := func(latest float64) Silence {
		s := within(latest)
		s.Soon = false
		return s
	}
	for _, c := range []struct {
		name              string
		source            string
		keepAlive, lasted float64 // seconds
		want              Silence
	}{
		{"one and a half keep alives, in all versions", EMQX, 60, 90, proven},
		{"as long as a check may be late", EMQX, 60, 91, Silence{Proven: true, Latest: second, Soon: true}},
		{"one interval more", EMQX, 60, 120, within(30)},
		{"three keep alives: two checks, or six, or a PINGREQ", EMQX, 60, 180, within(90)},
		{"two and a quarter", EMQX, 60, 135, within(45)},
		{"half an interval more: only after a PINGREQ", EMQX, 60, 105, within(15)},
		{"keep alive 30, silent", EMQX, 30, 45, proven},
		{"keep alive 30, one interval more", EMQX, 30, 60, within(15)},
		{"keep alive 75, silent: four intervals", EMQX, 75, 120, proven},
		{"keep alive 75, one interval more", EMQX, 75, 150, within(30)},
		{"keep alive 120, silent", EMQX, 120, 180, proven},
		{"keep alive 120, one interval more", EMQX, 120, 210, within(30)},
		{"keep alive 300, silent", EMQX, 300, 450, proven},
		{"keep alive 300, one interval more", EMQX, 300, 480, within(30)},
		{"heard for ten minutes", EMQX, 60, 690, later(600)},
		{"two intervals more", EMQX, 60, 150, later(60)},
		{"version 4, silent or heard within the first step", EMQX4, 60, 135, within(45)},
		{"version 4, one step more", EMQX4, 60, 180, later(90)},
		{"version 4, with other settings", EMQX4, 60, 100, later(10)},
		{"Mosquitto, silent", Mosquitto, 60, 90, within(1)},
		{"Mosquitto, at the next scan", Mosquitto, 60, 96, within(7)},
		{"Mosquitto, heard", Mosquitto, 60, 110, later(21)},
		{"RabbitMQ, silent or heard within the first keep alive", "rabbitmq", 60, 180, within(90)},
		{"RabbitMQ, one and a half keep alives", "rabbitmq", 60, 90, proven},
		{"a read deadline", "mochi", 1, 1.5, within(0)},
		{"a broker with a minimum", "rmqtt", 2, 7, within(2)},
		{"an unknown broker", "other", 60, 99, within(9)},
		{"an unknown broker, later", "other", 60, 99.001, later(9.001)},

		{"ten seconds", Mosquitto, 60, 10, Silence{Early: true}},
		{"just early", EMQX, 60, 87.999, Silence{Early: true}},
		{"not quite early", EMQX, 60, 88, within(0)},
		{"a whole keep alive", "other", 300, 300, Silence{Early: true}},
		{"a short keep alive, at once", EMQX4, 1, 0, Silence{Early: true}},
		{"a short keep alive, in whole seconds", EMQX4, 1, 1, within(0)},
		{"a short keep alive, a tenth less", EMQX, 2, 2.8001, Silence{Proven: true, Soon: true}},
		{"a short keep alive, more than a tenth less", EMQX, 2, 2.7999, Silence{Early: true}},
		{"a short keep alive, too early in whole seconds", Mosquitto, 5, 6, Silence{Early: true}},
		{"a short keep alive, in time in whole seconds", Mosquitto, 5, 7, within(0.5)},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := SilenceOf(c.source, time.Duration(c.keepAlive*float64(second)), time.Duration(c.lasted*float64(second)))
			require.Equal(t, c.want, got)
		})
	}
}

// For any length, the limit must lie within the connection.
func TestSilenceIsWithinTheConnection(t *testing.T) {
	for source := range silenceChecks {
		for _, keepAlive := range []time.Duration{time.Second, 5 * time.Second, time.Minute, 65535 * time.Second} {
			for tenths := range 50 {
				lasted := keepAlive * time.Duration(tenths) / 10
				s := SilenceOf(source, keepAlive, lasted)
				require.GreaterOrEqual(t, s.Latest, time.Duration(0), "%s %s %s", source, keepAlive, lasted)
				require.LessOrEqual(t, s.Latest, max(lasted-keepAlive*3/2+time.Second, 0), "%s %s %s", source, keepAlive, lasted)
			}
		}
	}
}
