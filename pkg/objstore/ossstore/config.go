package ossstore

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Config says which bucket, and how to reach it.
type Config struct {
	// Endpoint is the service's address without the bucket: a host, to which https
	// is spoken, or a URL without a path. Where its host is an IP address the bucket
	// is named in the path.
	Endpoint string
	// Region is the bucket's, without "oss-": "cn-hangzhou". It is part of every signature.
	Region string
	// Bucket has 3 to 63 lower case letters, digits and dashes.
	Bucket string
	// Prefix is put before every key. It may be empty.
	Prefix string
	// Credentials sign every request, as they are at that moment.
	Credentials *Credentials

	// ConnectTimeout is the longest a connection may take. Default 5 s.
	ConnectTimeout time.Duration
	// IOTimeout is the longest silence while sending, receiving or waiting for an
	// answer. Default 15 s. Both are rounded up to seconds.
	IOTimeout time.Duration
	// PathStyle names the bucket in the path, not in the host name.
	PathStyle bool
}

// What Config leaves open.
const (
	defaultConnectTimeout = 5 * time.Second
	defaultIOTimeout      = 15 * time.Second
)

var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)

// Validate names the field that cannot be.
func (c Config) Validate() error {
	endpoint, err := url.Parse(c.endpoint())
	switch {
	case c.Endpoint == "":
		return fmt.Errorf("check Endpoint: it is empty")
	case err != nil:
		return fmt.Errorf("check Endpoint: it is no address")
	case endpoint.User != nil:
		return fmt.Errorf("check Endpoint: it holds credentials")
	case endpoint.Scheme != "http" && endpoint.Scheme != "https":
		return fmt.Errorf("check Endpoint %q: neither http nor https", c.Endpoint)
	case endpoint.Host == "" || strings.Trim(endpoint.Path, "/") != "" || endpoint.RawQuery != "":
		return fmt.Errorf("check Endpoint %q: more or less than a host", c.Endpoint)
	case c.Region == "":
		return fmt.Errorf("check Region: it is empty")
	case strings.HasPrefix(c.Region, "oss-"):
		return fmt.Errorf("check Region %q: it is written without %q", c.Region, "oss-")
	case !bucketName.MatchString(c.Bucket):
		return fmt.Errorf("check Bucket %q: not 3 to 63 of a-z, 0-9 and -", c.Bucket)
	case strings.HasPrefix(c.Prefix, "/"):
		return fmt.Errorf("check Prefix %q: it starts with a slash", c.Prefix)
	case c.Credentials == nil:
		return fmt.Errorf("check Credentials: there are none")
	case c.ConnectTimeout < 0:
		return fmt.Errorf("check ConnectTimeout %v: it is negative", c.ConnectTimeout)
	case c.IOTimeout < 0:
		return fmt.Errorf("check IOTimeout %v: it is negative", c.IOTimeout)
	}
	return nil
}

// endpoint has a scheme: without one the SDK would send the security token in the clear.
func (c Config) endpoint() string {
	if strings.Contains(c.Endpoint, "://") {
		return strings.TrimRight(c.Endpoint, "/")
	}
	return "https://" + strings.TrimRight(c.Endpoint, "/")
}

// seconds rounds up d, or the default in its place.
func seconds(d, byDefault time.Duration) int64 {
	if d == 0 {
		d = byDefault
	}
	return int64((d + time.Second - 1) / time.Second)
}
