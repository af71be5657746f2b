// Package env reads the functions' configuration from the environment.
//
// A Reader continues after an invalid variable, so that one start reports all invalid
// variables. No error contains a secret. Space around a value is dropped, and an empty value
// counts as not set.
package env

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Reader reads variables and collects the errors. It is not safe for concurrent use.
type Reader struct {
	// Getenv returns the value of a variable, empty if it is not set.
	Getenv func(name string) string
	errs   []error
}

// Required returns the value of a variable that must be set.
func (r *Reader) Required(name string) string {
	value := r.Optional(name)
	if value == "" {
		r.Reject(name, "is not set")
	}
	return value
}

// Optional returns the value of a variable, empty if it is not set.
func (r *Reader) Optional(name string) string {
	return strings.TrimSpace(r.Getenv(name))
}

// Int returns the value of a variable as a whole number from minimum to maximum. It returns
// fallback if the variable is not set or invalid.
func (r *Reader) Int(name string, fallback, minimum, maximum int) int {
	text := r.Optional(name)
	if text == "" {
		return fallback
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < minimum || n > maximum {
		r.Reject(name, fmt.Sprintf("is %q, want a whole number from %d to %d", text, minimum, maximum))
		return fallback
	}
	return n
}

// Reject adds the error that a variable is invalid, with a reason such as "is not set".
func (r *Reader) Reject(name, reason string) {
	r.errs = append(r.errs, fmt.Errorf("environment variable %s %s", name, reason))
}

// Err returns all errors so far as one error with a one-line text, or nil if there are none.
func (r *Reader) Err() error {
	if len(r.errs) == 0 {
		return nil
	}
	texts := make([]string, len(r.errs))
	for i, err := range r.errs {
		texts[i] = err.Error()
	}
	return errors.New(strings.Join(texts, "; "))
}
