package layout

import (
	"fmt"
	"strings"
)

// ShardRange selects the shards from First to Last, both inclusive. First and Last may have fewer
// digits than the layout's shards. They then stand for the first hex digits of shards. For example,
// 8 to f selects the upper half of the shards of any layout. The zero value selects all shards.
type ShardRange struct{ First, Last Shard }

// ParseShardRange parses a range such as "8-f" or "00-7f". Both ends must have the same number of
// digits. An empty string selects all shards.
func ParseShardRange(text string) (ShardRange, error) {
	if text == "" {
		return ShardRange{}, nil
	}
	first, last, _ := strings.Cut(text, "-")
	if !isHex(first, 1, 3) || !isHex(last, len(first), len(first)) || first > last {
		return ShardRange{}, fmt.Errorf("parse shards %q: want the first and last shard, such as 8-f or 00-7f", text)
	}
	return ShardRange{Shard(first), Shard(last)}, nil
}

// String returns the text form that ParseShardRange parses.
func (r ShardRange) String() string {
	if r == (ShardRange{}) {
		return ""
	}
	return string(r.First + "-" + r.Last)
}

// ShardsOf returns the layout's shards that lie in the range, in ascending order. It returns an
// error if First and Last have more digits than the layout's shards.
func (r ShardRange) ShardsOf(l Layout) ([]Shard, error) {
	if len(r.First) > l.digits() {
		return nil, fmt.Errorf("shards %s have more digits than the shards of a bucket that has only %d", r, l.Shards)
	}
	var within []Shard
	for _, shard := range l.AllShards() {
		if start := shard[:len(r.First)]; start >= r.First && start <= r.Last {
			within = append(within, shard)
		}
	}
	return within, nil
}
