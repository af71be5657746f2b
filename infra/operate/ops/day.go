package main

import (
	"errors"
	"flag"

	"devicetrace/pkg/layout"
)

// dayValue is the value of a flag that takes a date. It is empty if the flag is not given.
type dayValue layout.Day

func dayFlag(flags *flag.FlagSet, name string) *dayValue {
	var d dayValue
	flags.Var(&d, name, "")
	return &d
}

func (d *dayValue) String() string { return string(*d) }

// Set implements flag.Value.
func (d *dayValue) Set(text string) error {
	if layout.Day(text).Start().IsZero() {
		return errors.New("it must be a date such as 2026-11-22")
	}
	*d = dayValue(text)
	return nil
}
