package broker_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
)

// BenchmarkDecode decodes batches of 1,000 events. It reports events/s per core.
func BenchmarkDecode(b *testing.B) {
	for _, c := range []struct{ name, route, file string }{
		{"emqx", "emqx", "emqx-disconnected-keepalive"},
		{"events", "events", "events-close"},
	} {
		_, item := sample(b, samples+"/"+c.file+".json")
		source, _ := broker.Find(c.route)
		for name, body := range map[string]string{
			"array":  "[" + strings.Repeat(item+",", 999) + item + "]",
			"ndjson": strings.Repeat(item+"\n", 1000),
		} {
			b.Run(c.name+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(body)))
				for b.Loop() {
					require.Len(b, source.Decode([]byte(body), meta).Events, 1000)
				}
				b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "events/s")
			})
		}
	}
}

// BenchmarkDecodeMosquitto decodes 1,000 log lines.
func BenchmarkDecodeMosquitto(b *testing.B) {
	source, _ := broker.Find(broker.Mosquitto)
	for name, prefix := range map[string]string{
		"plain": "", "journald": "Nov 22 09:30:00 host mosquitto[7]: ", "kubectl": "[pod/mosquitto-0/mosquitto] 2026-11-22T09:30:00.123456789Z ",
	} {
		line := prefix + "1795339800: New client connected from 192.0.2.7:52341 as GID_a@@@dev1 (p2, c1, k60, u'user1').\n" +
			prefix + "1795339810: Client GID_a@@@dev1 closed its connection.\n"
		body := []byte(strings.Repeat(line, 500))
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				require.Len(b, source.Decode(body, meta).Events, 1000)
			}
			b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
		})
	}
}
