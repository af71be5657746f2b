package webhook

import (
	"fmt"

	"devicetrace/pkg/record"
)

// refusal is the error for a delivery that exceeds a limit. No event of such a delivery is
// recorded, and sending the delivery again cannot help.
type refusal struct{ code, reason string }

func (r refusal) Error() string { return r.reason }

var (
	errTooLarge = refusal{"TooLarge", "the body is longer than 8 MiB, as sent or decompressed"}
	errTooMany  = refusal{"TooManyItems", fmt.Sprintf("the body holds more than %d items", maxItems)}
)

// refuseSpread returns the refusal for a delivery whose events belong to too many partitions.
func refuseSpread(err *record.SpreadError) refusal {
	return refusal{"TooManyPartitions", fmt.Sprintf("the events belong to %d partitions (combinations of shard and UTC day); "+
		"at most %d are allowed", err.Partitions, record.MaxPartitions)}
}
