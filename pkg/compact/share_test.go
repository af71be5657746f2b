package compact_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/compact"
	"devicetrace/pkg/layout"
)

func TestParseShare(t *testing.T) {
	shards := layout.ShardRange{First: "0", Last: "7"}
	part := layout.InstancePart{Number: 1, Count: 4}
	for text, want := range map[string]compact.Share{
		"": {}, "shards=0-7": {Shards: shards}, "instances=1/4": {Instances: part},
		"shards=0-7&instances=1/4": {Shards: shards, Instances: part},
		"instances=1/4&shards=0-7": {Shards: shards, Instances: part},
	} {
		share, err := compact.ParseShare(text)
		require.NoError(t, err, text)
		require.Equal(t, want, share, text)
	}
	for text, says := range map[string]string{
		"0-7":                   `share is "0-7", want nothing, shards=0-7, instances=1/4 or shards=0-7&instances=1/4`,
		"shards=":               "want nothing",
		"shards=0-7&":           "want nothing",
		"shards=0-7&shards=8-f": "want nothing",
		"instances=prod":        `parse instances "prod": want a part`,
		"shards=7":              `parse shards "7": want the first and last shard`,
		"shards=0-7,a-f":        `parse shards "0-7,a-f"`,
	} {
		_, err := compact.ParseShare(text)
		require.ErrorContains(t, err, says, text)
	}
}
