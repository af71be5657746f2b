// Package env reads the functions' configuration from the environment.
//
// A Reader continues after an invalid variable, so that all invalid variables are reported at
// once. No error message contains a secret. Spaces around a value are removed, and an empty value
// counts as not set.
package env

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Reader reads environment variables and collects the errors. It is not safe for concurrent use.
type Reader struct {
	// Getenv returns the value of the named variable, or "" if it is not set.
	Getenv func(name string) string
	errs   []error
}

// Required returns the value of the named variable, which must be set.
func (r *Reader) Required(name string) string {
	value := r.Optional(name)
	if value == "" {
		r.Reject(name, "is not set")
	}
	return value
}

// Optional returns the value of the named variable, or "" if it is not set.
func (r *Reader) Optional(name string) string {
	return strings.TrimSpace(r.Getenv(name))
}

// Int returns the named variable's value, which must be a whole number from minimum to maximum.
// It returns fallback if the variable is not set or invalid.
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

// Milliseconds returns the named variable's value, a whole number of milliseconds from 0 to maximum.
// It returns 0 if the variable is not set or invalid.
func (r *Reader) Milliseconds(name string, maximum time.Duration) time.Duration {
	return time.Duration(r.Int(name, 0, 0, int(maximum/time.Millisecond))) * time.Millisecond
}

// Reject adds an error about the named variable. The message consists of the name and the reason,
// such as "is not set".
func (r *Reader) Reject(name, reason string) {
	r.errs = append(r.errs, fmt.Errorf("environment variable %s %s", name, reason))
}

// Err returns all errors so far as a single error with a one-line message, or nil if there are
// none.
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
