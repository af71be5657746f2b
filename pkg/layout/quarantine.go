package layout

import (
	"fmt"
	"strings"
	"time"
)

// QuarantinePrefix is the key prefix of quarantined input.
const QuarantinePrefix = "quarantine/"

const quarantineExtension = ".json"

// QuarantineDayPrefix returns the key prefix of quarantined input that was received on the given
// day.
func QuarantineDayPrefix(day Day) string { return QuarantinePrefix + "day=" + string(day) + "/" }

// QuarantineKey returns the key of quarantined input that was received at t. The id must have 32
// hex digits.
func QuarantineKey(t time.Time, id string) string {
	return QuarantineDayPrefix(DayOf(t)) + id + quarantineExtension
}

// ParseQuarantineKey splits a key of quarantined input into its day and id.
func ParseQuarantineKey(key string) (Day, string, error) {
	rest, found := strings.CutPrefix(key, QuarantinePrefix+"day=")
	day, name, _ := strings.Cut(rest, "/")
	id, named := strings.CutSuffix(name, quarantineExtension)
	if !found || !named || !Day(day).valid() || !isHex(id, 32, 32) {
		return "", "", fmt.Errorf("parse quarantine key %q: not in this layout's format", key)
	}
	return Day(day), id, nil
}
