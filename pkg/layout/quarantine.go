package layout

import (
	"fmt"
	"strings"
	"time"
)

// QuarantinePrefix is where input is kept that could not be understood.
const QuarantinePrefix = "quarantine/"

const quarantineExtension = ".json"

// QuarantineDayPrefix is the prefix of what was quarantined on a day.
func QuarantineDayPrefix(day Day) string { return QuarantinePrefix + "day=" + string(day) + "/" }

// QuarantineKey is the key of what was received at t; id is 32 hex digits.
func QuarantineKey(t time.Time, id string) string {
	return QuarantineDayPrefix(DayOf(t)) + id + quarantineExtension
}

// ParseQuarantineKey cuts a quarantine key into its day and id.
func ParseQuarantineKey(key string) (Day, string, error) {
	rest, found := strings.CutPrefix(key, QuarantinePrefix+"day=")
	day, name, cut := strings.Cut(rest, "/")
	id, named := strings.CutSuffix(name, quarantineExtension)
	if !found || !cut || !named || !Day(day).valid() || !isHex(id, 32, 32) {
		return "", "", fmt.Errorf("parse quarantine key %q: not a key of this layout", key)
	}
	return Day(day), id, nil
}
