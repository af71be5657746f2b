package ossstore

import (
	"errors"
	"sync/atomic"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
)

// Credentials are an access key that can be exchanged while requests are under
// way, as a function's are with each invocation. Every request is signed with one
// set, never with halves of two. The zero value holds none; requests fail then.
// It is safe for concurrent use.
type Credentials struct {
	current atomic.Pointer[accessKey]
}

// Set exchanges the access key. The token is empty for a key that is not temporary.
func (c *Credentials) Set(id, secret, token string) {
	c.current.Store(&accessKey{id, secret, token})
}

// String tells nothing.
func (c *Credentials) String() string { return "credentials" }

// accessKey is never changed. It implements the SDK's Credentials.
type accessKey struct{ id, secret, token string }

func (k *accessKey) GetAccessKeyID() string     { return k.id }
func (k *accessKey) GetAccessKeySecret() string { return k.secret }
func (k *accessKey) GetSecurityToken() string   { return k.token }

// provider is what the SDK asks before each request.
type provider struct{ credentials *Credentials }

var _ oss.CredentialsProviderE = provider{}

var errNoCredentials = errors.New("no credentials were set")

func (p provider) GetCredentialsE() (oss.Credentials, error) {
	if key := p.credentials.current.Load(); key != nil {
		return key, nil
	}
	return nil, errNoCredentials
}

// GetCredentials is not called by the SDK where there is GetCredentialsE.
func (p provider) GetCredentials() oss.Credentials {
	if key := p.credentials.current.Load(); key != nil {
		return key
	}
	return &accessKey{}
}
