package env

import (
	"fmt"

	"devicetrace/pkg/event"
	"devicetrace/pkg/serve"
)

// Tokens returns the tokens from two environment variables, whose names are the arguments single
// and list. The first variable holds one token for all instances. The second holds tokens in the
// format of serve.ParseTokens. At least one of the two must be set.
func (r *Reader) Tokens(single, list string) serve.Tokens {
	tokens, err := serve.ParseTokens(r.Optional(list))
	if err != nil {
		r.Reject(list, "is wrong: "+err.Error())
		return serve.Tokens{}
	}
	token := r.Optional(single)
	if token == "" && tokens.Empty() {
		r.Reject(single, fmt.Sprintf("is not set, and neither is %s: set at least one of them", list))
	}
	if token == "" {
		return tokens
	}
	if err := tokens.Add(token); err != nil {
		r.Reject(single, "is wrong: "+err.Error())
	}
	return tokens
}

// SigningTokens is like Tokens, but also rejects a list in which too many tokens may sign for one
// instance; see serve.Tokens.CheckSigning.
func (r *Reader) SigningTokens(single, list string) serve.Tokens {
	tokens := r.Tokens(single, list)
	if err := tokens.CheckSigning(); err != nil {
		r.Reject(list, "is wrong: "+err.Error())
	}
	return tokens
}

// Token returns the token in the named variable, or "" if the variable is not set.
func (r *Reader) Token(name string) string {
	token := r.Optional(name)
	if token == "" {
		return ""
	}
	if err := new(serve.Tokens).Add(token); err != nil {
		r.Reject(name, "is wrong: "+err.Error())
	}
	return token
}

// Instance returns the instance identifier in the named variable, or "" if the variable is not
// set.
func (r *Reader) Instance(name string) event.InstanceID {
	instance := event.InstanceID(r.Optional(name))
	if instance != "" && !instance.Valid() {
		r.Reject(name, fmt.Sprintf("is %q, want %s", instance, event.InstanceIDRule))
	}
	return instance
}
