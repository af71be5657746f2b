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
