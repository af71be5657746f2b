package serve

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

func TestTokens(t *testing.T) {
	tokens, err := ParseTokens("one=prod; two== prod , test ;three=*;; a=b=c=x.y:z;!~=prod")
	require.NoError(t, err)
	require.NoError(t, tokens.Add("all"))
	require.False(t, tokens.Empty())
	for _, c := range []struct {
		token    string
		instance string
		found    bool
		allowed  bool
	}{
		{"one", "prod", true, true},
		{"one", "test", true, false},
		{"one", "", true, false},
		{"one", "*", true, false},
		{"two=", "prod", true, true},
		{"two=", "test", true, true},
		{"two=", "other", true, false},
		{"three", "anything", true, true},
		{"a=b=c", "x.y:z", true, true},
		{"a=b=c", "c", true, false},
		{"!~", "prod", true, true},
		{"all", "prod", true, true},
		{"two", "prod", false, false},
		{"One", "prod", false, false},
		{"one=prod", "prod", false, false},
		{"", "prod", false, false},
	} {
		t.Run(c.token+" "+c.instance, func(t *testing.T) {
			grant, found := tokens.Find(c.token)
			require.Equal(t, c.found, found)
			require.Equal(t, c.allowed, grant.Allows(event.InstanceID(c.instance)))
		})
	}
}

func TestGrantInstances(t *testing.T) {
	for list, want := range map[string][]event.InstanceID{"b,a,b": {"a", "b"}, "prod": {"prod"}, "*": nil, "prod,*": nil} {
		grant, err := ParseGrant(list)
		require.NoError(t, err)
		named, all := grant.Instances()
		require.Equal(t, want, named, list)
		require.Equal(t, want == nil, all, list)
	}
	named, all := Grant{}.Instances()
	require.Empty(t, named)
	require.False(t, all)
}

func TestNoTokens(t *testing.T) {
	for _, text := range []string{"", " ", ";;"} {
		tokens, err := ParseTokens(text)
		require.NoError(t, err)
		require.True(t, tokens.Empty())
		grant, found := tokens.Find("")
		require.False(t, found)
		require.False(t, grant.Allows(""))
	}
}

// TestTokenErrors checks that an error states the position of the invalid part and never contains
// a token.
func TestTokenErrors(t *testing.T) {
	for text, want := range map[string]string{
		"hush":                   `part 1: has no "=", want token=instance,instance`,
		"hush=a;hush2":           `part 2: has no "=", want token=instance,instance`,
		"hush=":                  "part 1: instance 1 is empty or contains a character other than visible ASCII",
		"hush=a,,b":              "part 1: instance 2 is empty or contains a character other than visible ASCII",
		"hush=a b":               "part 1: instance 1 is empty or contains a character other than visible ASCII",
		"=a":                     "part 1: a token must consist of visible ASCII characters and must not be empty",
		"hu sh=a":                "part 1: a token must consist of visible ASCII characters and must not be empty",
		"hüsh=a":                 "part 1: a token must consist of visible ASCII characters and must not be empty",
		"hush=a;;hush=b":         "part 3: this token was given before",
		strings.Repeat("=a;", 2): "part 1: a token must consist of visible ASCII characters and must not be empty",
	} {
		tokens, err := ParseTokens(text)
		require.EqualError(t, err, want, text)
		require.NotContains(t, err.Error(), "hush")
		require.True(t, tokens.Empty())
	}
	var many strings.Builder
	for i := range maxTokens + 1 {
		fmt.Fprintf(&many, "token%d=a;", i)
	}
	_, err := ParseTokens(many.String())
	require.EqualError(t, err, "part 101: there are more than 100 tokens")
}

func TestAddedTokenIsGivenOnce(t *testing.T) {
	tokens, err := ParseTokens("hush=a")
	require.NoError(t, err)
	require.EqualError(t, tokens.Add("hush"), "this token was given before")
	require.EqualError(t, tokens.Add(""), "a token must consist of visible ASCII characters and must not be empty")
	grant, found := tokens.Find("hush")
	require.True(t, found)
	require.False(t, grant.Allows("b"))
}

// FuzzParseTokens checks that no input causes a panic, and that Find finds every parsed token.
func FuzzParseTokens(f *testing.F) {
	f.Add("one=prod;two==a,b;c=*")
	f.Add("=;=,=*")
	f.Fuzz(func(t *testing.T, text string) {
		tokens, err := ParseTokens(text)
		if err != nil {
			return
		}
		for _, known := range tokens.known {
			grant, found := tokens.Find(known.secret)
			require.True(t, found)
			require.Equal(t, known.grant, grant)
		}
	})
}
