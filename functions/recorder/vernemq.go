package main

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"devicetrace/pkg/serve"
)

// errNoHook: the body does not tell what it reports, and may hold a password.
var errNoHook = errors.New("the header vernemq-hook is missing")

// passOn answers VerneMQ's hooks that decide about a client. The broker takes
// anything but this answer for a no, and would lock all clients out; with it the
// next plugin decides. Such a body holds passwords and messages: it is not looked
// at. (https://docs.vernemq.com/plugin-development/webhookplugins)
func passOn(w http.ResponseWriter, r *http.Request) bool {
	hook := r.Header.Get(hookHeader)
	decides := strings.HasPrefix(hook, "auth_on_") || strings.HasPrefix(hook, "on_auth")
	if r.Method != http.MethodPost || !decides {
		return false
	}
	io.Copy(io.Discard, r.Body)
	serve.JSON(w, http.StatusOK, map[string]string{"result": "next"})
	return true
}
