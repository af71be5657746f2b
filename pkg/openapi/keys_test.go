package openapi

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/serve"
)

// grant returns the grant for a list of instances.
func grant(list string) serve.Grant {
	grant, err := serve.ParseGrant(list)
	if err != nil {
		panic(err)
	}
	return grant
}

func TestParseKeys(t *testing.T) {
	for text, want := range map[string][]Key{
		"":                            nil,
		" ; ;":                        nil,
		"local:local-secret=*":        {{"local", "local-secret", grant("*")}},
		"a:s=x,y;b:t=z":               {{"a", "s", grant("x,y")}, {"b", "t", grant("z")}},
		" a : s = x , y ;\n b:t=*\n;": {{"a", "s", grant("x,y")}, {"b", "t", grant("*")}},
		"a:s:t==u==x":                 {{"a", "s:t==u=", grant("x")}},
		"a=b:c=d":                     {{"a=b", "c", grant("d")}},
	} {
		got, err := ParseKeys(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
}

func TestParseKeysErrorsContainNoSecret(t *testing.T) {
	const form = "key %d must have the form accessKeyId:secret=instance,…: %s"
	for text, want := range map[string]string{
		"hidden":             fmt.Sprintf(form, 1, `it has no ":", or no "=" after the ":"`),
		"a=hidden":           fmt.Sprintf(form, 1, `it has no ":", or no "=" after the ":"`),
		"a:hidden":           fmt.Sprintf(form, 1, `it has no ":", or no "=" after the ":"`),
		"a:hidden=x,,y":      fmt.Sprintf(form, 1, "instance 2 is empty or contains a character other than visible ASCII"),
		":hidden=*":          fmt.Sprintf(form, 1, "the id is empty"),
		"a:=*":               fmt.Sprintf(form, 1, "the secret is empty"),
		"a:hidden=*;b:= *":   fmt.Sprintf(form, 2, "the secret is empty"),
		"a:hidden=":          fmt.Sprintf(form, 1, "instance 1 is empty or contains a character other than visible ASCII"),
		";a:hidden=*;x:y= ,": fmt.Sprintf(form, 3, "instance 1 is empty or contains a character other than visible ASCII"),
	} {
		_, err := ParseKeys(text)
		require.EqualError(t, err, want, text)
	}
}

func TestKeysDoNotPrintTheirSecret(t *testing.T) {
	key := Key{"id", "hidden", grant("a,b")}
	require.Equal(t, "id:…=a,b", fmt.Sprint(key))
	require.Equal(t, "[id:…=a,b]", fmt.Sprintf("%+v", []Key{key}))
}
