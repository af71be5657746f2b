package broker

import (
	"net/http"
	"net/url"
)

// Handshaker recognises a handshake, a request by which a broker asks something before
// it sends events. It returns false for every other request. A handshake carries no
// token, so anyone may make one, and nothing of it may be stored.
//
// The receiver calls it for each request to /webhooks/{name}, whatever follows in the
// path, before it checks the token. It reads the start of the body for that and puts it
// back. After a handshake it reads and drops the rest of the body, does what Confirm
// says, and responds.
type Handshaker func(HandshakeRequest) (HandshakeResponse, bool)

// MaxHandshakeBody is the maximum length of a handshake's body in bytes. Brokers send
// some hundred.
const MaxHandshakeBody = 16 << 10

// HandshakeRequest is the part of a request that a Handshaker judges.
type HandshakeRequest struct {
	Method string
	Header http.Header
	// Body is the start of the body: all of it, or the first MaxHandshakeBody + 1
	// bytes. Nil if the body could not be read.
	Body []byte
}

// HandshakeResponse says how to respond to a handshake.
type HandshakeResponse struct {
	Status int
	// Header holds headers to send in addition to those of every JSON response.
	Header http.Header
	// Body is the body as a value to encode in JSON. It is nil if Refused is set.
	Body any
	// Refused is the error to send if the handshake is invalid, else nil.
	Refused *HandshakeError
	// Confirm is what must succeed before this response is sent; nil for nothing.
	Confirm *Confirmation
}

// HandshakeError is the code and the sentence of an error response.
type HandshakeError struct{ Code, Error string }

// Confirmation is a request to the broker that proves the receiver's consent: GET URL,
// without following redirects. The URL contains a secret, so no log and no response may
// hold more of it than the host. On any outcome other than 200 OK, the response is
// Unconfirmed with status 503.
type Confirmation struct {
	URL         *url.URL
	Unconfirmed HandshakeError
}

// refuseHandshake returns a 400 response with the given code and sentence.
func refuseHandshake(code, sentence string) HandshakeResponse {
	return HandshakeResponse{Status: http.StatusBadRequest, Refused: &HandshakeError{code, sentence}}
}
