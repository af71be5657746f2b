package webhook

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"devicetrace/pkg/serve"
)

// errNoHook: the body does not tell what it reports, and may hold a password.
var errNoHook = errors.New("the header vernemq-hook is missing")

// decidingHooks are how the names of the hooks begin that ask for a decision about a
// client or a message. (https://docs.vernemq.com/plugin-development/webhookplugins)
var decidingHooks = []string{"auth_on_", "on_auth", "on_deliver", "on_unsubscribe"}

// passOn answers the hooks that decide. VerneMQ takes a failure for a no, and would lock
// all clients out; with this answer the next plugin decides. Such a body holds passwords
// and messages: it is not looked at.
func passOn(w http.ResponseWriter, r *http.Request) bool {
	hook := r.Header.Get(hookHeader)
	decides := slices.ContainsFunc(decidingHooks, func(start string) bool { return strings.HasPrefix(hook, start) })
	if r.Method != http.MethodPost || !decides {
		return false
	}
	io.Copy(io.Discard, r.Body)
	serve.JSON(w, http.StatusOK, map[string]string{"result": "next"})
	return true
}
