package openapi

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"devicetrace/pkg/event"
)

// number returns the value of a required parameter, which must be a whole number from minimum
// to maximum, both inclusive.
func (p parameters) number(name string, minimum, maximum int64, what string) (int64, error) {
	text := p[name]
	if text == "" {
		return 0, missing(name, what)
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < minimum || n > maximum {
		return 0, invalid("%s must be a whole number from %d to %d", name, minimum, maximum)
	}
	return n, nil
}

// flag returns the value of a boolean parameter, or false if the parameter is missing.
func (p parameters) flag(name string) (bool, error) {
	switch strings.ToLower(p[name]) {
	case "true":
		return true, nil
	case "", "false":
		return false, nil
	default:
		return false, invalid("%s must be true or false", name)
	}
}

// maxMilli is the end of the year 9999, in Unix milliseconds.
const maxMilli = 253402300799999

func (p parameters) time(name, what string) (time.Time, error) {
	milli, err := p.number(name, 0, maxMilli, what+", in Unix milliseconds")
	return time.UnixMilli(milli).UTC(), err
}

func (p parameters) instanceID() (event.InstanceID, error) {
	id := event.InstanceID(p["InstanceId"])
	switch {
	case id == "":
		return "", missing("InstanceId", "the broker instance that the client connects to")
	case !id.Valid():
		return "", invalid("InstanceId must be %s", event.InstanceIDRule)
	}
	return id, nil
}

func (p parameters) clientID(name string) (event.ClientID, error) {
	id := p[name]
	switch {
	case id == "":
		return "", missing(name, "a client identifier")
	case !utf8.ValidString(id):
		return "", invalid("%s must be UTF-8", name)
	}
	return event.ClientID(id), nil
}

// clientIDs returns the values of ClientIdList.1, ClientIdList.2 and so on. The numbers must
// have no gaps.
func (p parameters) clientIDs(maximum int) ([]event.ClientID, error) {
	given := p.count("ClientIdList.")
	switch {
	case given == 0:
		return nil, missing("ClientIdList", fmt.Sprintf("ClientIdList.1 to at most ClientIdList.%d, each a client identifier", maximum))
	case given > maximum:
		return nil, invalid("ClientIdList has %d client identifiers: send at most %d at once", given, maximum)
	}
	ids := make([]event.ClientID, given)
	for i := range ids {
		name := "ClientIdList." + strconv.Itoa(i+1)
		if p[name] == "" {
			return nil, invalid("ClientIdList must be numbered from 1 without gaps: %s is missing or empty", name)
		}
		var err error
		if ids[i], err = p.clientID(name); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// count returns the number of parameters whose names have the prefix.
func (p parameters) count(prefix string) (n int) {
	for name := range p {
		if strings.HasPrefix(name, prefix) {
			n++
		}
	}
	return n
}
