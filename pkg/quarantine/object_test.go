package quarantine

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestOnlyReadableBodiesAreStoredAsText(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		text bool
	}{
		"JSON":                         {`{"client_id":"sensor-1","action":"explode"}` + "\n", true},
		"log lines":                    {strings.Repeat("1795334400: Client c closed its connection.\r\n", 10), true},
		"one escape sequence":          {"1795334400: Client \x1b[31mc closed its connection.", true},
		"other scripts":                {strings.Repeat("设备🛰", 10), true},
		"nothing":                      {"", true},
		"no shorter in base64":         {`a"b`, true},
		"control characters":           {strings.Repeat("\x00", 100), false},
		"one control character in six": {strings.Repeat("12345\x01", 100), false},
		"quotation marks":              {strings.Repeat(`"`, 100), false},
		"line separators":              {strings.Repeat("\u2028", 100), false},
		"not UTF-8":                    {"text \xff text", false},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := encode(item(c.body))
			require.NoError(t, err)
			require.Equal(t, !c.text, bytes.Contains(data, []byte(`"body_base64"`)))
			got, err := decode(data)
			require.NoError(t, err)
			require.Equal(t, []byte(c.body), got.Body)
		})
	}
}

func TestNoBodyGrowsByMoreThanAThird(t *testing.T) {
	const length = 64 << 10
	for c := range 256 {
		if c > 0x20 && c != '"' && c != '\\' && c < 0x7f {
			continue
		}
		data, err := encode(item(strings.Repeat(string([]byte{byte(c)}), length)))
		require.NoError(t, err)
		require.Less(t, len(data), length*4/3+1000, "%q", c)
	}
}

// FuzzBody checks that each body survives storage, and that textLength agrees with the encoder. It
// also checks that no object is longer than it would be with its body in base64.
func FuzzBody(f *testing.F) {
	for _, body := range []string{"", "{}\n", "\x00\x1f\x7f\"\\\b\f\n\r\t", "<é>&\u2028\u2029\ufffd", "\xff"} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		data, err := encode(Item{Body: body})
		require.NoError(t, err)
		overhead, err := encode(Item{})
		require.NoError(t, err)
		require.LessOrEqual(t, len(data), len(overhead)+(len(body)+2)/3*4+len(`,"body_base64":""`))
		got, err := decode(data)
		require.NoError(t, err)
		require.Equal(t, string(body), string(got.Body))
		if utf8.Valid(body) {
			var text bytes.Buffer
			encoder := json.NewEncoder(&text)
			encoder.SetEscapeHTML(false)
			require.NoError(t, encoder.Encode(string(body)))
			require.Equal(t, text.Len()-len("\"\"\n"), textLength(body))
		}
	})
}
