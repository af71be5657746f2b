package bucket

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// policy is a RAM policy, reduced to the elements that our policies use.
// (https://www.alibabacloud.com/help/en/ram/user-guide/policy-structure-and-syntax)
type policy struct {
	Version   string
	Statement []statement
}

// statement is one part of a policy. It allows certain actions on certain resources. Its
// condition, if any, limits listings to certain prefixes.
type statement struct {
	Effect           string
	Action, Resource []string
	Condition        struct {
		StringLike struct {
			Prefix []string `json:"oss:Prefix"`
		}
	}
}

// access is one action that a policy allows or refuses.
type access struct {
	action string
	key    string // empty if the action applies to the bucket itself
	prefix string // the prefix of the listed keys, if the action is a listing
}

// resource returns the name that policies use for the bucket or object. The region and the
// account in the name are arbitrary.
func (a access) resource() string {
	return strings.TrimSuffix("acs:oss:cn-hangzhou:1000000000000000:device-trace/"+a.key, "/")
}

// grant is one combination of an action, a resource and a listing prefix that a statement allows.
type grant struct{ action, resource, prefix string }

// grants splits a statement into grants. If the statement has no condition, the grants allow
// every prefix.
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

func (g grant) allows(a access) bool {
	return g.action == a.action && like(g.resource, a.resource()) && like(g.prefix, a.prefix)
}

// grantsFor returns the grants that allow an access. If there are none, the access is refused.
func (p policy) grantsFor(a access) (grants []grant) {
	for _, g := range p.grants() {
		if g.allows(a) {
			grants = append(grants, g)
		}
	}
	return grants
}

// like reports whether a string matches a pattern, in which * stands for any number of
// characters.
func like(pattern, text string) bool {
	return regexp.MustCompile(`(?s)^` + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `.*`) + `$`).MatchString(text)
}

// readPolicy reads the policy with the given name from a folder. It fails the test if the file has
// elements that the Go type cannot represent.
func readPolicy(t *testing.T, folder, name string) policy {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, name+"-policy.json"))
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

// Each function's policy must refuse the requests that an attacker would try after taking over
// the function.
func TestPoliciesRefuse(t *testing.T) {
	const event, marker, item = "events/instance=prod/shard=4/day=2026-11-22/l0000-1-1.parquet", "layout/v3-shards16", "quarantine/day=2026-11-22/1.json"
	for function, refused := range map[string][]access{
		"recorder": {
			{action: "oss:GetObject", key: event}, {action: "oss:DeleteObject", key: item}, {action: "oss:DeleteObject", key: marker},
			{action: "oss:ListObjects", prefix: "events/"},
		},
		"query": {
			{action: "oss:PutObject", key: event}, {action: "oss:DeleteObject", key: event}, {action: "oss:PutObject", key: marker},
			{action: "oss:GetObject", key: item}, {action: "oss:ListObjects", prefix: "quarantine/"},
		},
		"query-one-instance": {
			{action: "oss:PutObject", key: event}, {action: "oss:GetObject", key: item}, {action: "oss:ListObjects", prefix: "quarantine/"},
			{action: "oss:ListObjects", prefix: "events/"}, {action: "oss:ListObjects", prefix: "events/instance=prod"},
			{action: "oss:ListObjects", prefix: "events/instance=prod-1/"}, {action: "oss:ListObjects", prefix: "events/instance=test/shard=4/day=2026-11-22/"},
			{action: "oss:GetObject", key: strings.Replace(event, "prod", "test", 1)}, {action: "oss:GetObject", key: strings.Replace(event, "prod", "prod-1", 1)},
		},
		"compactor": {
			{action: "oss:PutObject", key: marker}, {action: "oss:DeleteObject", key: marker}, {action: "oss:GetObject", key: item},
			{action: "oss:PutObject", key: item}, {action: "oss:DeleteObject", key: item}, {action: "oss:ListObjects", prefix: "quarantine/"},
		},
	} {
		p := readPolicy(t, ".", function)
		for _, a := range append(refused, []access{
			{action: "oss:ListObjects"}, {action: "oss:ListObjects", prefix: "event"}, {action: "oss:GetObject", key: "other/" + event},
			{action: "oss:PutObject", key: "other"}, {action: "oss:DeleteObject"}, {action: "oss:DeleteBucket"}, {action: "oss:PutBucketLifecycle"},
			{action: "oss:PutBucketAcl"}, {action: "oss:PutObjectAcl", key: event}, {action: "oss:GetBucketInfo"}, {action: "oss:ListBuckets"},
		}...) {
			require.Empty(t, p.grantsFor(a), "%s: %+v", function, a)
		}
	}
}
