package env

import (
	"fmt"

	"devicetrace/pkg/event"
	"devicetrace/pkg/serve"
)

// Tokens are the tokens of two variables, of which at least one must be set: single
// holds a token for all instances, list what serve.ParseTokens reads.
func (r *Reader) Tokens(single, list string) serve.Tokens {
	tokens, err := serve.ParseTokens(r.Optional(list))
	if err != nil {
		r.Fault(list, "is wrong: "+err.Error())
		return serve.Tokens{}
	}
	token := r.Optional(single)
	if token == "" && tokens.Empty() {
		r.Fault(single, fmt.Sprintf("is not set, and neither is %s: one of the two must be", list))
	}
	if token == "" {
		return tokens
	}
	if err := tokens.Add(token); err != nil {
		r.Fault(single, "is wrong: "+err.Error())
	}
	return tokens
}

// Token is a token that may be unset; empty then.
func (r *Reader) Token(name string) string {
	token := r.Optional(name)
	if token == "" {
		return ""
	}
	if err := new(serve.Tokens).Add(token); err != nil {
		r.Fault(name, "is wrong: "+err.Error())
	}
	return token
}

// Instance returns an instance identifier, empty if the variable is not set.
func (r *Reader) Instance(name string) event.InstanceID {
	instance := event.InstanceID(r.Optional(name))
	if instance != "" && !instance.Valid() {
		r.Fault(name, fmt.Sprintf("is %q, want %s", instance, event.InstanceIDRule))
	}
	return instance
}
