package ossstore_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/objstore/ossstore"
)

func TestConfigValidate(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*ossstore.Config)
		want   string // the field named in the error, or "" if the configuration is valid
	}{
		{"complete", func(*ossstore.Config) {}, ""},
		{"URL", func(c *ossstore.Config) { c.Endpoint = "https://oss.example.com/" }, ""},
		{"port", func(c *ossstore.Config) { c.Endpoint = "http://127.0.0.1:8080" }, ""},
		{"prefix", func(c *ossstore.Config) { c.Prefix = "fleet/" }, ""},
		{"no endpoint", func(c *ossstore.Config) { c.Endpoint = "" }, "Endpoint"},
		{"endpoint with path", func(c *ossstore.Config) { c.Endpoint = "https://a/b" }, "Endpoint"},
		{"endpoint with secret", func(c *ossstore.Config) { c.Endpoint = "https://id:pw@a" }, "Endpoint"},
		{"other scheme", func(c *ossstore.Config) { c.Endpoint = "ftp://a" }, "Endpoint"},
		{"no address", func(c *ossstore.Config) { c.Endpoint = "https://a b" }, "Endpoint"},
		{"no region", func(c *ossstore.Config) { c.Region = "" }, "Region"},
		{"region with oss-", func(c *ossstore.Config) { c.Region = "oss-cn-hangzhou" }, "Region"},
		{"no bucket", func(c *ossstore.Config) { c.Bucket = "" }, "Bucket"},
		{"bucket in capitals", func(c *ossstore.Config) { c.Bucket = "Bucket" }, "Bucket"},
		{"prefix with slash", func(c *ossstore.Config) { c.Prefix = "/fleet" }, "Prefix"},
		{"no credentials", func(c *ossstore.Config) { c.Credentials = nil }, "Credentials"},
		{"negative timeout", func(c *ossstore.Config) { c.IOTimeout = -1 }, "IOTimeout"},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg := ossstore.Config{Endpoint: "oss.example.com", Region: testRegion, Bucket: testBucket, Credentials: testCredentials()}
			test.change(&cfg)
			_, err := ossstore.New(cfg)
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, "check "+test.want)
		})
	}
}
