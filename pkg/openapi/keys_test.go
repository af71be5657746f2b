package openapi

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

func TestParseKeys(t *testing.T) {
	for text, want := range map[string][]Key{
		"":                            nil,
		" ; ;":                        nil,
		"local:local-secret=*":        {{"local", "local-secret", []event.InstanceID{"*"}}},
		"a:s=x,y;b:t=z":               {{"a", "s", []event.InstanceID{"x", "y"}}, {"b", "t", []event.InstanceID{"z"}}},
		" a : s = x , y ;\n b:t=*\n;": {{"a", "s", []event.InstanceID{"x", "y"}}, {"b", "t", []event.InstanceID{"*"}}},
		"a:s:t==u==x":                 {{"a", "s:t==u=", []event.InstanceID{"x"}}},
		"a=b:c=d":                     {{"a=b", "c", []event.InstanceID{"d"}}},
		"a:s=x,,y,":                   {{"a", "s", []event.InstanceID{"x", "y"}}},
	} {
		got, err := ParseKeys(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
}

func TestParseKeysNeverTellsASecret(t *testing.T) {
	const form = "parse key %d, of the form accessKeyId:secret=instance,…: %s"
	for text, want := range map[string]string{
		"hidden":             fmt.Sprintf(form, 1, "there is no : or no = after it"),
		"a=hidden":           fmt.Sprintf(form, 1, "there is no : or no = after it"),
		"a:hidden":           fmt.Sprintf(form, 1, "there is no : or no = after it"),
		":hidden=*":          fmt.Sprintf(form, 1, "the id is empty"),
		"a:=*":               fmt.Sprintf(form, 1, "the secret is empty"),
		"a:hidden=*;b:= *":   fmt.Sprintf(form, 2, "the secret is empty"),
		"a:hidden=":          fmt.Sprintf(form, 1, "there is no instance; * is all of them"),
		";a:hidden=*;x:y= ,": fmt.Sprintf(form, 3, "there is no instance; * is all of them"),
	} {
		_, err := ParseKeys(text)
		require.EqualError(t, err, want, text)
	}
}

func TestKeysDoNotPrintTheirSecret(t *testing.T) {
	key := Key{"id", "hidden", []event.InstanceID{"a", "b"}}
	require.Equal(t, "id:…=a,b", fmt.Sprint(key))
	require.Equal(t, "[id:…=a,b]", fmt.Sprintf("%+v", []Key{key}))
}
