package ossstore

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Config selects a bucket and says how to reach it.
type Config struct {
	// Endpoint is the address of the service, without the bucket. It is a host name or a URL
	// without a path. If Endpoint is a host name without a scheme, requests use HTTPS. If the host
	// is an IP address, requests name the bucket in the path.
	Endpoint string
	// Region is the bucket's region without the prefix "oss-", such as "cn-hangzhou". Every
	// signature includes the region.
	Region string
	// Bucket is the bucket's name: 3 to 63 lower case letters, digits and dashes.
	Bucket string
	// Prefix is added to every key. It may be empty.
	Prefix string
	// Credentials sign the requests. Each request uses the access key that is set when the
	// request is sent.
	Credentials *Credentials

	// IOTimeout is the maximum time without progress during a request. It applies while the request
	// is sent, while the store waits for the response, and while the response is received. Default
	// 15 s.
	IOTimeout time.Duration
}

const (
	connectTimeout   = 5 * time.Second
	defaultIOTimeout = 15 * time.Second
)

var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)

// Validate returns an error that names the first invalid field.
func (c Config) Validate() error {
	switch err := c.checkEndpoint(); {
	case err != nil:
		return err
	case c.Region == "":
		return errors.New("check Region: it is empty")
	case strings.HasPrefix(c.Region, "oss-"):
		return fmt.Errorf("check Region %q: write it without %q", c.Region, "oss-")
	case !bucketName.MatchString(c.Bucket):
		return fmt.Errorf("check Bucket %q: it must have 3 to 63 characters of a-z, 0-9 and -, and start and end with a letter or digit", c.Bucket)
	case strings.HasPrefix(c.Prefix, "/"):
		return fmt.Errorf("check Prefix %q: it must not start with a slash", c.Prefix)
	case c.Credentials == nil:
		return errors.New("check Credentials: there are none")
	case c.IOTimeout < 0:
		return fmt.Errorf("check IOTimeout %v: it is negative", c.IOTimeout)
	}
	return nil
}

// checkEndpoint checks the endpoint. The error quotes the endpoint only if it contains no
// credentials.
func (c Config) checkEndpoint() error {
	endpoint, err := url.Parse(c.endpoint())
	switch {
	case c.Endpoint == "":
		return errors.New("check Endpoint: it is empty")
	case err != nil:
		return errors.New("check Endpoint: it is not a host name or URL")
	case endpoint.User != nil:
		return errors.New("check Endpoint: it contains credentials")
	case endpoint.Scheme != "http" && endpoint.Scheme != "https":
		return fmt.Errorf("check Endpoint %q: the scheme must be http or https", c.Endpoint)
	case endpoint.Host == "" || strings.Trim(endpoint.Path, "/") != "" || endpoint.RawQuery != "":
		return fmt.Errorf("check Endpoint %q: it must have a host and neither path nor query", c.Endpoint)
	}
	return nil
}

// endpoint returns the endpoint with a scheme. Without a scheme, the SDK would send the
// security token unencrypted.
func (c Config) endpoint() string {
	if strings.Contains(c.Endpoint, "://") {
		return strings.TrimRight(c.Endpoint, "/")
	}
	return "https://" + strings.TrimRight(c.Endpoint, "/")
}
