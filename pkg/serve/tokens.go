package serve

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"strings"

	"devicetrace/pkg/event"
)

// Tokens holds a function's tokens, each with the instances that the token may act for. The zero
// value accepts no token. All methods except Add are safe for concurrent use.
//
// A lookup compares the presented token with every accepted token, so that the timing reveals
// nothing about the accepted tokens. No error from this package contains a token.
type Tokens struct{ known []token }

type token struct {
	secret string
	digest [sha256.Size]byte
	grant  Grant
}

// Grant lists the instances that a token or an AccessKey may act for. The zero value allows no
// instance.
type Grant struct{ instances []event.InstanceID }

// everyInstance is the list element that stands for all instances.
const everyInstance = "*"

var fullGrant = Grant{[]event.InstanceID{everyInstance}}

// maxTokens is the maximum number of tokens. It limits the cost of checking a token, because each
// presented token is compared with every accepted token.
const maxTokens = 100

// ParseTokens parses tokens in the format "token=instance,instance;token=instance":
//   - Semicolons separate the parts. Empty parts are ignored.
//   - The last "=" of a part separates the token from its instances.
//   - A token consists of visible ASCII characters except ";". It may contain "=".
//   - ParseGrant describes the format of the instances.
//   - White space around tokens and instances is ignored.
//
// Several tokens may act for one instance, so that tokens can be rotated one at a time. Errors
// state the number of the invalid part, counted from 1.
func ParseTokens(text string) (Tokens, error) {
	var tokens Tokens
	for i, part := range strings.Split(text, ";") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		if err := tokens.parse(part); err != nil {
			return Tokens{}, fmt.Errorf("part %d: %w", i+1, err)
		}
	}
	return tokens, nil
}

func (t *Tokens) parse(part string) error {
	at := strings.LastIndexByte(part, '=')
	if at < 0 {
		return errors.New(`has no "=", want token=instance,instance`)
	}
	grant, err := ParseGrant(part[at+1:])
	if err != nil {
		return err
	}
	return t.add(strings.TrimSpace(part[:at]), grant)
}

// ParseGrant parses "instance,instance"; "*" stands for all instances. White space around
// an instance is ignored. Errors contain the number of the instance in the list, counted from 1.
func ParseGrant(list string) (Grant, error) {
	var grant Grant
	for i, instance := range strings.Split(list, ",") {
		instance = strings.TrimSpace(instance)
		if !visible(instance) {
			return Grant{}, fmt.Errorf("instance %d is empty or contains a character other than visible ASCII", i+1)
		}
		grant.instances = append(grant.instances, event.InstanceID(instance))
	}
	return grant, nil
}

// Add adds a token that may act for all instances.
func (t *Tokens) Add(secret string) error { return t.add(secret, fullGrant) }

func (t *Tokens) add(secret string, grant Grant) error {
	isSame := func(known token) bool { return known.secret == secret }
	switch {
	case !visible(secret):
		return errors.New("a token must consist of visible ASCII characters and must not be empty")
	case slices.ContainsFunc(t.known, isSame):
		return errors.New("this token was given before")
	case len(t.known) == maxTokens:
		return fmt.Errorf("there are more than %d tokens", maxTokens)
	}
	t.known = append(t.known, newToken(secret, grant))
	return nil
}

func newToken(secret string, grant Grant) token {
	return token{secret, sha256.Sum256([]byte(secret)), grant}
}

// visible reports whether s consists of visible ASCII characters and is not empty.
func visible(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return s != ""
}

// Empty reports whether t contains no token.
func (t Tokens) Empty() bool { return len(t.known) == 0 }

// Find returns the grant of the presented token and reports whether the token is accepted. It
// compares the presented token with every accepted token, even after a match, so that the timing
// reveals nothing.
func (t Tokens) Find(presented string) (Grant, bool) {
	digest := sha256.Sum256([]byte(presented))
	found := -1
	for i, known := range t.known {
		found = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(known.digest[:], digest[:]), i, found)
	}
	if found < 0 {
		return Grant{}, false
	}
	return t.known[found].grant, true
}

// Allows reports whether the grant covers an instance.
func (g Grant) Allows(instance event.InstanceID) bool {
	return slices.Contains(g.instances, instance) || slices.Contains(g.instances, everyInstance)
}

// Instances returns the instances that the grant names, in ascending order. If the grant covers all
// instances, Instances returns nil and true.
func (g Grant) Instances() (named []event.InstanceID, all bool) {
	if slices.Contains(g.instances, everyInstance) {
		return nil, true
	}
	return slices.Compact(slices.Sorted(slices.Values(g.instances))), false
}

// String returns the instances in the form that ParseGrant parses.
func (g Grant) String() string {
	names := make([]string, len(g.instances))
	for i, instance := range g.instances {
		names[i] = string(instance)
	}
	return strings.Join(names, ",")
}
