package layout

import (
	"context"
	"fmt"
	"strings"

	"devicetrace/pkg/event"
	"devicetrace/pkg/objstore"
)

// Instances returns the instances that have segments, in ascending order. It makes one request per
// 1,000 instances, and at least one. It skips prefixes that do not name a valid instance.
func Instances(ctx context.Context, store objstore.PrefixLister) ([]event.InstanceID, error) {
	prefixes, err := objstore.AllPrefixes(ctx, store, EventsPrefix)
	if err != nil {
		return nil, fmt.Errorf("list instances: %w", err)
	}
	var instances []event.InstanceID
	for _, prefix := range prefixes {
		part := strings.TrimSuffix(strings.TrimPrefix(prefix, EventsPrefix), "/")
		if id, found := parseInstance(part); found {
			instances = append(instances, id)
		}
	}
	return instances, nil
}
