package broker

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// FuzzScanner checks that the scanner accepts the same bodies as encoding/json and reads the same
// strings. It skips bodies that are nested too deeply for the scanner.
func FuzzScanner(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,-0.5e+3,true,false,null,"\u00e9\ud83d\ude00\/\b"],"b":{}}`, `[]`, `"\ud83d"`, `"\ud83d\u0041"`, `"\ud83dx12345"`, `01`, `-`, `1.`, `.5`, `1e`, `[1e-5,1E5]`, `tru`, `true`,
		`{"a":1,}`, `[1,]`, `{"a"}`, `{,}`, "\"\x01\"", `"\x"`, `"\u12"`, `"\u09af\u09AF"`, `"\u000/"`, `"\u000:"`, `"\u000@"`, `"\u000G"`, "\"\\u000`\"", `"\u000g"`, "\xff", " 1 ", `""`, `{"":{"":""}}`, "\"\u2028\"", `nullx`,
		"{\"a\n}", "[1", "\"a", "\"\\x", "\"\\", "\"\n",
		"\x00", "{}\x00", "[1]\x00[2]", "[1,\x00]", "{\"a\"\x00:1}", "\"\x00\"",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		s := scanner{body: body}
		v, err := s.value()
		ended := s.ended()
		if err == errDepth {
			return
		}
		require.Equal(t, json.Valid(body), err == nil && ended, "%q", body)
		if err == nil && ended && v.kind == text {
			requireSameText(t, body, v)
		}
	})
}

// requireSameText checks that v, the string that the scanner read from body, equals the string that
// encoding/json reads. If v is not valid text, the string from encoding/json must contain U+FFFD,
// its replacement for invalid text.
func requireSameText(t *testing.T, body []byte, v value) {
	t.Helper()
	var want string
	require.NoError(t, json.Unmarshal(body, &want))
	got, ok := v.raw, true
	if v.escaped {
		got, ok = unescape(v.raw)
	}
	if !ok || !utf8.Valid(got) {
		require.True(t, bytes.ContainsRune([]byte(want), utf8.RuneError))
		return
	}
	require.Equal(t, want, string(got))
}
