package openapi

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"devicetrace/pkg/event"
)

// number is a whole number within bounds.
func (p parameters) number(name string, least, most int64, what string) (int64, error) {
	text := p[name]
	if text == "" {
		return 0, missing(name, what)
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < least || n > most {
		return 0, unfit("%s must be a whole number from %d to %d", name, least, most)
	}
	return n, nil
}

// flag is true or false; false where it is missing.
func (p parameters) flag(name string) (bool, error) {
	switch strings.ToLower(p[name]) {
	case "true":
		return true, nil
	case "", "false":
		return false, nil
	default:
		return false, unfit("%s must be true or false", name)
	}
}

// Events have whole milliseconds from 1970 to 9999.
const mostMilli = 253402300799999

func (p parameters) time(name, what string) (time.Time, error) {
	milli, err := p.number(name, 0, mostMilli, what+", in Unix milliseconds")
	return time.UnixMilli(milli).UTC(), err
}

func (p parameters) instanceID() (event.InstanceID, error) {
	if p["InstanceId"] == "" {
		return "", missing("InstanceId", "the broker instance that the client connects to")
	}
	return event.InstanceID(p["InstanceId"]), nil
}

func (p parameters) clientID(name string) (event.ClientID, error) {
	id := p[name]
	switch {
	case id == "":
		return "", missing(name, "a client identifier")
	case len(id) > event.MaxClientID || !utf8.ValidString(id):
		return "", unfit("%s must be UTF-8 and at most %d bytes long", name, event.MaxClientID)
	}
	return event.ClientID(id), nil
}

// clientIDs are ClientIdList.1, ClientIdList.2 and so on, without gaps.
func (p parameters) clientIDs(most int) ([]event.ClientID, error) {
	given := p.count("ClientIdList.")
	switch {
	case given == 0:
		return nil, missing("ClientIdList", fmt.Sprintf("ClientIdList.1 to at most ClientIdList.%d, each a client identifier", most))
	case given > most:
		return nil, unfit("ClientIdList has %d client identifiers: ask for at most %d at once", given, most)
	}
	ids := make([]event.ClientID, given)
	for i := range ids {
		name := "ClientIdList." + strconv.Itoa(i+1)
		if p[name] == "" {
			return nil, unfit("ClientIdList must be numbered from 1 without gaps: %s is missing or empty", name)
		}
		var err error
		if ids[i], err = p.clientID(name); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// count is how many names start with a prefix.
func (p parameters) count(prefix string) (n int) {
	for name := range p {
		if strings.HasPrefix(name, prefix) {
			n++
		}
	}
	return n
}
