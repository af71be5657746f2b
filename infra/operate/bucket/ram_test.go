package bucket

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// policy is a RAM policy, as far as ours go.
// (https://www.alibabacloud.com/help/en/ram/user-guide/policy-structure-and-syntax)
type policy struct {
	Version   string
	Statement []statement
}

type statement struct {
	Effect           string
	Action, Resource []string
	Condition        struct {
		StringLike struct {
			Prefix []string `json:"oss:Prefix"`
		}
	}
}

// request is what a policy is asked about.
type request struct {
	action string
	// key is empty where the request is about the bucket itself.
	key string
	// prefix is that of a listing.
	prefix string
}

// resource is the bucket or the object, of some region and account.
func (r request) resource() string {
	return strings.TrimSuffix("acs:oss:cn-hangzhou:1000000000000000:device-trace/"+r.key, "/")
}

// grant is a part of a statement that allows something: none can be left out of the
// policy, unless nothing needs it.
type grant struct{ action, resource, prefix string }

func (s statement) grants() (grants []grant) {
	prefixes := s.Condition.StringLike.Prefix
	if prefixes == nil {
		prefixes = []string{"*"}
	}
	for _, action := range s.Action {
		for _, resource := range s.Resource {
			for _, prefix := range prefixes {
				grants = append(grants, grant{action, resource, prefix})
			}
		}
	}
	return grants
}

func (p policy) grants() (grants []grant) {
	for _, s := range p.Statement {
		grants = append(grants, s.grants()...)
	}
	return grants
}

func (g grant) allows(r request) bool {
	return g.action == r.action && like(g.resource, r.resource()) && like(g.prefix, r.prefix)
}

// allowing are the grants that let a request through; without any it is refused.
func (p policy) allowing(r request) (grants []grant) {
	for _, g := range p.grants() {
		if g.allows(r) {
			grants = append(grants, g)
		}
	}
	return grants
}

// like matches a pattern in which * stands for any text.
func like(pattern, text string) bool {
	return regexp.MustCompile(`(?s)^` + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `.*`) + `$`).MatchString(text)
}

// readPolicy refuses what this evaluator does not know.
func readPolicy(t *testing.T, function string) policy {
	t.Helper()
	text, err := os.ReadFile(function + "-policy.json")
	require.NoError(t, err)
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var p policy
	require.NoError(t, decoder.Decode(&p))
	require.Equal(t, "1", p.Version)
	for _, s := range p.Statement {
		require.Equal(t, "Allow", s.Effect)
	}
	return p
}

// TestPoliciesRefuse what a function that was taken over would try.
func TestPoliciesRefuse(t *testing.T) {
	const event, marker, item = "events/shard=4/day=2026-11-22/l0000-1-1.parquet", "layout/v1-shards16", "quarantine/day=2026-11-22/1.json"
	for function, refused := range map[string][]request{
		"recorder": {
			{action: "oss:GetObject", key: event}, {action: "oss:DeleteObject", key: item}, {action: "oss:DeleteObject", key: marker},
			{action: "oss:ListObjects", prefix: "events/"},
		},
		"query": {
			{action: "oss:PutObject", key: event}, {action: "oss:DeleteObject", key: event}, {action: "oss:PutObject", key: marker},
			{action: "oss:GetObject", key: item}, {action: "oss:ListObjects", prefix: "quarantine/"},
		},
		"compactor": {
			{action: "oss:PutObject", key: marker}, {action: "oss:DeleteObject", key: marker}, {action: "oss:GetObject", key: item},
			{action: "oss:PutObject", key: item}, {action: "oss:DeleteObject", key: item}, {action: "oss:ListObjects", prefix: "quarantine/"},
		},
	} {
		p := readPolicy(t, function)
		for _, r := range append(refused, []request{
			{action: "oss:ListObjects"}, {action: "oss:ListObjects", prefix: "event"}, {action: "oss:GetObject", key: "other/" + event},
			{action: "oss:PutObject", key: "other"}, {action: "oss:DeleteObject"}, {action: "oss:DeleteBucket"}, {action: "oss:PutBucketLifecycle"},
			{action: "oss:PutBucketAcl"}, {action: "oss:PutObjectAcl", key: event}, {action: "oss:GetBucketInfo"}, {action: "oss:ListBuckets"},
		}...) {
			require.Empty(t, p.allowing(r), "%s: %+v", function, r)
		}
	}
}
