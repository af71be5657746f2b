// Package env reads the functions' configuration from the environment.
//
// A Reader goes on after a fault, so that one start tells all that is wrong. No
// error holds the value of a secret.
package env

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Reader reads variables and collects what is wrong with them.
type Reader struct {
	// Getenv looks a variable up; empty means not set.
	Getenv func(name string) string
	faults []error
}

// Required is a text that must be there.
func (r *Reader) Required(name string) string {
	value := r.Optional(name)
	if value == "" {
		r.Fault(name, "is not set")
	}
	return value
}

// Optional is a text that may be missing. Space around it is dropped.
func (r *Reader) Optional(name string) string {
	return strings.TrimSpace(r.Getenv(name))
}

// Int is a whole number within bounds; preset where it is missing.
func (r *Reader) Int(name string, preset, least, most int) int {
	text := r.Optional(name)
	if text == "" {
		return preset
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		r.Fault(name, fmt.Sprintf("is %q, want a whole number from %d to %d", text, least, most))
		return preset
	}
	return n
}

// Fault says what is wrong with a variable that the caller reads itself: "is …".
func (r *Reader) Fault(name, what string) {
	r.faults = append(r.faults, fmt.Errorf("environment variable %s %s", name, what))
}

// Err is all that was wrong so far, in one line, or nil.
func (r *Reader) Err() error {
	if len(r.faults) == 0 {
		return nil
	}
	lines := make([]string, len(r.faults))
	for i, fault := range r.faults {
		lines[i] = fault.Error()
	}
	return errors.New(strings.Join(lines, "; "))
}
