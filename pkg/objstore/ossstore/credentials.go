package ossstore

import (
	"errors"
	"sync/atomic"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
)

// Credentials hold an access key that can be replaced while requests run. Replacement is necessary
// because a function gets a new key with each invocation. A request is always signed with one
// complete key. The zero value holds no key, so requests fail until Set is called. Credentials are
// safe for concurrent use.
type Credentials struct {
	current atomic.Pointer[accessKey]
}

// Set replaces the access key. The token is empty unless the key is temporary.
func (c *Credentials) Set(id, secret, token string) {
	c.current.Store(&accessKey{id, secret, token})
}

// String returns a constant, so that the key does not get into logs.
func (c *Credentials) String() string { return "credentials" }

// accessKey is a complete set of credentials. It is immutable: new credentials are a new accessKey.
type accessKey struct{ id, secret, token string }

func (k *accessKey) GetAccessKeyID() string     { return k.id }
func (k *accessKey) GetAccessKeySecret() string { return k.secret }
func (k *accessKey) GetSecurityToken() string   { return k.token }

// provider supplies the current key to the SDK before each request.
type provider struct{ credentials *Credentials }

var _ oss.CredentialsProviderE = provider{}

var errNoCredentials = errors.New("no credentials were set")

func (p provider) GetCredentialsE() (oss.Credentials, error) {
	if key := p.credentials.current.Load(); key != nil {
		return key, nil
	}
	return nil, errNoCredentials
}

// GetCredentials exists only because the SDK's interface requires it. To sign requests, the SDK
// calls GetCredentialsE instead.
func (p provider) GetCredentials() oss.Credentials { return &accessKey{} }
