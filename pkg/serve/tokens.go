package serve

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"strings"

	"devicetrace/pkg/event"
)

// Tokens are the secrets that a function knows, each with the instances that it may
// act for. The zero value knows none. It is safe for concurrent use.
//
// To look one up compares it with all of them, in a time that tells nothing about
// any. No error or other text of this package holds a token.
type Tokens struct{ known []token }

type token struct {
	secret string
	digest [sha256.Size]byte
	grant  Grant
}

// Grant is what a token allows. The zero value allows nothing.
type Grant struct{ instances []event.InstanceID }

// everyInstance stands for all instances in a list.
const everyInstance = "*"

var fullGrant = Grant{[]event.InstanceID{everyInstance}}

// maxTokens bounds what a wrong token or signature costs.
const maxTokens = 100

// ParseTokens reads "token=instance,instance;token=instance": a token, a "=", and
// the instances that it may act for, "*" for all. Several tokens may act for one
// instance, so that they can be changed one after the other. A token is of visible
// ASCII characters but ";", and may hold "=": the last one of a part is what divides
// it. Space around anything is dropped, and so are empty parts. Errors name the
// place, counted from 1.
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

// ParseGrant parses "instance,instance"; "*" stands for all instances. Space around an
// instance is dropped. Errors name the place, counted from 1.
func ParseGrant(list string) (Grant, error) {
	var grant Grant
	for i, instance := range strings.Split(list, ",") {
		instance = strings.TrimSpace(instance)
		if !visible(instance) {
			return Grant{}, fmt.Errorf("instance %d is empty or has a space in it", i+1)
		}
		grant.instances = append(grant.instances, event.InstanceID(instance))
	}
	return grant, nil
}

// Add lets a token act for all instances.
func (t *Tokens) Add(secret string) error { return t.add(secret, fullGrant) }

func (t *Tokens) add(secret string, grant Grant) error {
	isSame := func(known token) bool { return known.secret == secret }
	switch {
	case !visible(secret):
		return errors.New("a token must be of visible ASCII characters, at least one")
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

// visible reports whether s is of visible ASCII characters, at least one.
func visible(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return s != ""
}

// Empty reports whether no token is known.
func (t Tokens) Empty() bool { return len(t.known) == 0 }

// Find looks up a token that somebody presented. It asks about every token, also after
// the right one.
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

// Signed reports whether a message was signed with a token that may act for an
// instance: mac is the HMAC-SHA256 of the message (RFC 2104), with the token for its key.
// It costs a pass over the message for each such token, and none for any other.
func (t Tokens) Signed(message, mac []byte, instance event.InstanceID) bool {
	isSigned := 0
	for _, known := range t.known {
		if !known.grant.Allows(instance) {
			continue
		}
		signer := hmac.New(sha256.New, []byte(known.secret))
		signer.Write(message)
		isSigned |= subtle.ConstantTimeCompare(signer.Sum(nil), mac)
	}
	return isSigned == 1
}

// Allows reports whether the token may act for an instance.
func (g Grant) Allows(instance event.InstanceID) bool {
	return slices.Contains(g.instances, instance) || slices.Contains(g.instances, everyInstance)
}

// String returns the instances in the form that ParseGrant parses.
func (g Grant) String() string {
	names := make([]string, len(g.instances))
	for i, instance := range g.instances {
		names[i] = string(instance)
	}
	return strings.Join(names, ",")
}
