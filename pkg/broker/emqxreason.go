package broker

import "devicetrace/pkg/event"

// emqxReasons maps the reasons in client.disconnected events to their meanings. It contains every
// reason that the source code of EMQX 4.0 to 6.3 gives for the end of a connection, except "normal"
// and "disconnect_with_will_message", which emqxEnd handles, and except the names in emqxRefusals.
// It also contains the names of the other MQTT 5 reason codes that name a cause. Any other reason,
// such as unspecified_error, is unexplained. For events of the rule engine, ruleEnd overrides some
// meanings.
var emqxReasons = table(map[event.ActionInfo][]string{
	event.ClientIDConflict: {
		"takenover", // session takeover that kept the session
		"discarded", // session takeover by a client with clean start
	},
	event.NoHeart: {
		"keepalive_timeout",
		// from the MQTT-SN gateway, which also gives this name for a protocol error, because both
		// have the same number in MQTT-SN
		"rejected_keepalive_timeout",
		// in the source code of the STOMP, NATS and MQTT-SN gateways, which send no event for them
		"heartbeat_timeout", "keepalive_recv_timeout", "asleep_timeout",
	},
	event.TopicAuthFailed: {"acl_denied"}, // in the source code of the STOMP and NATS gateways, which send no event for it
	event.NotAuthorized: {
		// EMQX sends not_authorized in three cases: the authentication failed, it expired, or a
		// topic was denied (with deny_action = disconnect). The event does not show which case
		// applies.
		"not_authorized",
		"bad_username_or_password", "bad_authentication_method", "banned",
		"expired",                // the login expired, from gateways
		"authentication_expired", // only from TDMQ for MQTT
	},
	event.ClosedByClient: {
		"tcp_closed", "ssl_closed", "closed", // also sent after most connection resets
		"sock_closed", // in EMQX 4
		"remote",      // sent after a WebSocket close frame without a code
	},
	event.InvalidParam: {
		// protocol errors
		"protocol_error", "malformed_packet", "frame_error", "implementation_specific_error",
		// errors from EMQX's parser
		"malformed_variable_byte_integer", "malformed_properties", "utf8_string_invalid", "bad_frame_header",
		"bad_packet_id", "invalid_packet_id", "bad_subqos", "frame_too_large", "packet_too_large",
		"malformed_utf8_string", "malformed_utf8_string_length", "malformed_binary_data", "malformed_binary_data_length",
		"malformed_user_property_value", "user_property_not_enough_bytes", "invalid_property_code", "proxy_protocol_config_disabled",
		// errors in WebSocket frames
		"badframe", "badencoding", "badsize", "unexpected_ws_frame",
		// names of MQTT 5 reason codes
		"topic_name_invalid", "topic_filter_invalid", "topic_alias_invalid", "qos_not_supported",
		"retain_not_supported", "shared_subscriptions_not_supported", "wildcard_subscriptions_not_supported",
		"subscription_identifiers_not_supported", "receive_maximum_exceeded", "packet_identifier_inuse",
		"packet_identifier_not_found", "payload_format_invalid",
		// from gateways
		"unexpected_frame", "not_connected", "subscription_id_inused", "topic_already_subscribed",
		// exceeded limits
		"quota_exceeded", "message_rate_too_high", "connection_rate_exceeded",
	},
	event.ServerShutdown: {
		"kicked",                             // by an operator or because of a ban
		"use_another_server", "server_moved", // node eviction and rebalancing
		"server_busy", "server_unavailable", // from a repeated authentication
		"server_shutting_down", "administrative_action", "maximum_connect_time",
	},
	event.SocketIOException: {
		"error", "tls_alert",
		"timeout", "send_timeout", "etimedout", "econnreset", "econnaborted", "epipe", "ehostunreach",
		"enetunreach", "einval", "enotconn", "emsgsize",
		"reached_max_retry_times", // from the MQTT-SN gateway: the client did not answer REGISTER
	},
})

// emqxAccepted holds the CONNACK codes that accept a connection.
var emqxAccepted = map[string]bool{
	"success":             true,
	"connection_accepted": true, // from gateways for other protocols
	"accepted":            true, // from the MQTT-SN gateway
}

// emqxRefusals maps the refusal codes of the MQTT-SN gateway to their meanings. They also occur as
// reasons for the end of a connection. The misspellings are the gateway's.
var emqxRefusals = table(map[event.ActionInfo][]string{
	event.NotAuthorized:  {"rejected_not_authorize"},
	event.InvalidParam:   {"rejected_not_supported", "rejected_invaild_topic_id"},
	event.ServerShutdown: {"rejected_congestion", "rejected_failed_open_session", "rejected_exceed_limitation"},
})
