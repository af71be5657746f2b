package broker

import (
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
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
	for word, want := range map[string]bool{"": false, "UNKNOWN": false, "normal": false, "undefined": false, " ": false, "new_reason": true} {
		require.Equal(t, want, GivesReason("", word), word)
	}
	require.False(t, GivesReason(Mosquitto, string(mosquittoSocketError)), "Mosquitto 1 gives this reason for ends of many kinds")
}

func TestCauseOf(t *testing.T) {
	for _, c := range []struct {
		info event.ActionInfo
		word string
		want Cause
	}{
		{event.NotAuthorized, "credential expired", LoginExpired},
		{event.NotAuthorized, "bad username or password", LoginInvalid},
		{event.NotAuthorized, "IpForbidden", AddressFilter},
		{event.NotAuthorized, "not_authorized", ""},
		{event.TopicAuthFailed, "ClientAuthorizationError", Permission},
		{event.InvalidParam, "SessionOverflow", QueueFull},
		{event.ServerShutdown, "kicked", Operator},
		{event.ClientIDConflict, "Kicked", ""}, // RMQTT's word for a takeover
		{event.ServerShutdown, "Administrative action", Operator},
		{event.ServerShutdown, "API_INITIATED_DISCONNECT", Operator},
		{event.ServerShutdown, "maximum connect time", TimeLimit},
		{event.ServerShutdown, "server busy", Overload},
		{event.ServerShutdown, "SERVER_ERROR", ""},
		{event.ServerShutdown, "", ""},
	} {
		require.Equal(t, c.want, CauseOf(c.info, c.word), c.word)
	}
}

func TestWordsOfADisconnect(t *testing.T) {
	for word, want := range map[string][2]bool{ // an error code, perhaps a close frame
		"protocol_error": {true, false}, "unspecified error": {true, false}, "normal": {}, "": {}, "disconnect_with_will_message": {},
		"CLIENT_INITIATED_DISCONNECT": {false, true}, "ClientInitiatedDisconnect": {false, true},
	} {
		require.Equal(t, want, [2]bool{IsErrorCode(word), MayBeWebSocketClose(word)}, word)
	}
	require.True(t, IsMuteWord(Mosquitto, "socket error"))
	require.False(t, IsMuteWord(Mosquitto, ""))
	require.False(t, IsMuteWord(EMQX, "socket error"))
}
