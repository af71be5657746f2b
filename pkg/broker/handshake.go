package broker

import (
	"net/http"
	"net/url"
)

// Handshaker recognizes handshakes, and returns false for every other request. In a handshake, a
// broker sends no events but asks the receiver a question, such as whether it wants events. A
// handshake needs no token, so anyone can send one. Therefore no part of a handshake may be stored.
//
// The receiver calls the Handshaker for each request whose path starts with /webhooks/{name},
// before it checks the token. It passes the start of the body without consuming it. If the request
// is a handshake, the receiver first reads and drops the rest of the body. Then it makes the
// request in HandshakeResponse.Confirm, if that field is set. Finally, it responds.
type Handshaker func(HandshakeRequest) (HandshakeResponse, bool)

// MaxHandshakeBody is the maximum number of bytes of a body that a Handshaker parses. The messages
// that it parses have a few hundred bytes.
const MaxHandshakeBody = 16 << 10

// HandshakeRequest is the part of a request that a Handshaker examines.
type HandshakeRequest struct {
	Method string
	Header http.Header
	// Body holds the first bytes of the request's body, at most MaxHandshakeBody + 1. It is nil if
	// the body could not be read.
	Body []byte
}

// HandshakeResponse says how to respond to a handshake.
type HandshakeResponse struct {
	Status int
	// Header holds the headers to send in addition to the usual headers of a JSON response.
	Header http.Header
	// Body is the value to send as JSON. It is nil if Refused is set.
	Body any
	// Refused is the error to send if the handshake is invalid, otherwise nil.
	Refused *HandshakeError
	// Confirm is a request that must succeed before this response is sent. It is nil if
	// no such request is needed.
	Confirm *Confirmation
}

// HandshakeError is the code and the message of an error response.
type HandshakeError struct{ Code, Error string }

// Confirmation is a request by which the receiver proves to the broker that it wants events. The
// receiver sends a GET request for URL and follows no redirects. If the broker responds with
// anything but 200 OK, the handshake fails. In this case, the receiver responds to the handshake
// with status 503 and the error Unconfirmed. URL contains a secret, so only its host may appear in
// logs and responses.
type Confirmation struct {
	URL         *url.URL
	Unconfirmed HandshakeError
}

// refuseHandshake returns a 400 response with the given code and message.
func refuseHandshake(code, sentence string) HandshakeResponse {
	return HandshakeResponse{Status: http.StatusBadRequest, Refused: &HandshakeError{code, sentence}}
}
