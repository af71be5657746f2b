package serve

import (
	"bytes"
	"encoding/json"
	"net/http"
)

// Problem is the body of every answer that is not a success, but for the ones that
// say more.
type Problem struct {
	Code  string `json:"code"`  // for programs; does not change
	Error string `json:"error"` // for people
}

// Fail answers with a Problem.
func Fail(w http.ResponseWriter, status int, code, sentence string) {
	JSON(w, status, Problem{Code: code, Error: sentence})
}

// TryLater answers with a Problem that says when to send the same thing again.
// Brokers do so on 429 and 503 only.
func TryLater(w http.ResponseWriter, status int, code, sentence string) {
	w.Header().Set("Retry-After", "1")
	Fail(w, status, code, sentence)
}

// NotAllowed answers a method that the path does not have; allow lists those it has.
func NotAllowed(w http.ResponseWriter, allow string) {
	w.Header().Set("Allow", allow)
	Fail(w, http.StatusMethodNotAllowed, "MethodNotAllowed", "this path answers "+allow+" only")
}

// JSON answers with v as one line of JSON. It panics if v has no JSON form.
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
