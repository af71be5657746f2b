package layout

import (
	"fmt"
	"strings"
)

// ShardRange is the shards from First to Last, both inclusive, by their leading hex
// digits: 8 to f is the upper half of any layout. The zero value is all shards.
type ShardRange struct{ First, Last Shard }

// ParseShardRange reads "8-f" or "00-7f". Both ends have the same number of digits. An
// empty text is all shards.
func ParseShardRange(text string) (ShardRange, error) {
	if text == "" {
		return ShardRange{}, nil
	}
	first, last, _ := strings.Cut(text, "-")
	if !isHex(first, 1, 3) || !isHex(last, len(first), len(first)) || first > last {
		return ShardRange{}, fmt.Errorf("parse shards %q: want the first and the last one, such as 8-f or 00-7f", text)
	}
	return ShardRange{Shard(first), Shard(last)}, nil
}

// String is the text that parses to r.
func (r ShardRange) String() string {
	if r == (ShardRange{}) {
		return ""
	}
	return string(r.First + "-" + r.Last)
}

// Of is the shards of a layout that are in the range, in ascending order. An error is a
// range with more digits than the layout's shards have.
func (r ShardRange) Of(l Layout) ([]Shard, error) {
	if len(r.First) > l.digits() {
		return nil, fmt.Errorf("shards %s have more digits than those of a bucket with %d shards", r, l.Shards)
	}
	var within []Shard
	for _, shard := range l.AllShards() {
		if shard >= r.First && (shard <= r.Last || strings.HasPrefix(string(shard), string(r.Last))) {
			within = append(within, shard)
		}
	}
	return within, nil
}
