package compact

import (
	"fmt"
	"strings"

	"devicetrace/pkg/layout"
)

// Share selects the part of the bucket that one of several compactors works on. The zero value
// selects the whole bucket.
//
// Sharing by shards divides the merges evenly, but each compactor still lists every instance.
// Sharing by instances divides the list requests too, which matters with thousands of instances.
// However, each instance then belongs to only one compactor.
type Share struct {
	Shards    layout.ShardRange
	Instances layout.InstancePart
}

// ParseShare parses the text form of a share: "shards=0-7", "instances=1/4", or both joined by "&".
// An empty string selects the whole bucket.
func ParseShare(text string) (share Share, err error) {
	if text == "" {
		return Share{}, nil
	}
	for field := range strings.SplitSeq(text, "&") {
		name, value, _ := strings.Cut(field, "=")
		switch {
		case name == "shards" && value != "" && share.Shards == layout.ShardRange{}:
			share.Shards, err = layout.ParseShardRange(value)
		case name == "instances" && value != "" && share.Instances == layout.InstancePart{}:
			share.Instances, err = layout.ParseInstancePart(value)
		default:
			err = fmt.Errorf("share is %q, want nothing, shards=0-7, instances=1/4 or shards=0-7&instances=1/4", text)
		}
		if err != nil {
			return Share{}, err
		}
	}
	return share, nil
}
