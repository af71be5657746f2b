package serve

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
)

// Problem is the body of an error response that consists only of a code and a text.
type Problem struct {
	Code  string `json:"code"`  // stable, for programs
	Error string `json:"error"` // for people
}

// Fail responds with a Problem.
func Fail(w http.ResponseWriter, status int, code, sentence string) {
	JSON(w, status, Problem{Code: code, Error: sentence})
}

// TryLater responds with a Problem and the header Retry-After. The status should be 429 or 503,
// because brokers retry only after these two.
func TryLater(w http.ResponseWriter, status int, code, sentence string) {
	w.Header().Set("Retry-After", "1")
	Fail(w, status, code, sentence)
}

// NotAllowed responds with 405. The Allow header lists the methods that the path accepts.
func NotAllowed(w http.ResponseWriter, allow string) {
	w.Header().Set("Allow", allow)
	Fail(w, http.StatusMethodNotAllowed, "MethodNotAllowed", "this path accepts only "+strings.ReplaceAll(allow, ", ", " and "))
}

// JSON responds with v as one line of JSON. It panics if v cannot be encoded.
func JSON(w http.ResponseWriter, status int, v any) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(body.Bytes())
}
