package broker

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWordsThatNameACause(t *testing.T) {
	for word, want := range map[string]struct{ expiry, login bool }{
		"CUSTOMAUTH_TTL_EXPIRATION":             {true, true},
		"authentication_expired":                {true, true},
		"Authentication Expired":                {true, true},
		"credential expired":                    {true, true},
		"because credential expired":            {true, true},
		"expired":                               {true, true},
		"bad username or password":              {false, true},
		"ClientAuthenticationError":             {false, true},
		`Disconnect(Other("JWT Auth expired"))`: {true, true},
		"Re-authentication failed, timeout before the client provided required authentication data": {false, true},
		"not_authorized":       {false, false},
		"AUTH_ERROR":           {false, false},
		"no longer authorised": {false, false},
		"":                     {false, false},
	} {
		require.Equal(t, want.expiry, NamesExpiry(word), word)
		require.Equal(t, want.login, ConcernsLogin(word), word)
	}
	for word, want := range map[string][2]bool{
		"WEBSOCKET_TTL_EXPIRATION": {true, true},
		"maximum connect time":     {false, true},
		"SERVER_ERROR":             {false, false},
		"":                         {false, false},
	} {
		onlyWebSocket, ok := NamesTimeLimit(word)
		require.Equal(t, want, [2]bool{onlyWebSocket, ok}, word)
	}
	for word, want := range map[string]bool{"": false, "UNKNOWN": false, "normal": false, "undefined": false, "new_reason": true} {
		require.Equal(t, want, GivesReason("", word), word)
	}
	require.False(t, GivesReason(Mosquitto, string(mosquittoSocketError)), "sent for every end")
}
