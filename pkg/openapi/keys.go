package openapi

import (
	"errors"
	"fmt"
	"strings"

	"devicetrace/pkg/serve"
)

// Key is an AccessKey pair and the instances that it may query.
type Key struct {
	AccessKeyID string
	Secret      string
	Grant       serve.Grant
}

// String returns the key without its secret.
func (k Key) String() string { return k.AccessKeyID + ":…=" + k.Grant.String() }

// ParseKeys parses AccessKeys in this format:
//
//	accessKeyId:secret=instance,instance;accessKeyId:secret=*
//
// An id must not contain ":" or ";", and a secret must not contain ";". serve.ParseGrant describes
// the format of the instances. Empty entries are ignored, and so is white space around ids, secrets
// and instances. An empty string contains no keys. Errors state the number of the invalid entry,
// counted from 1, but never quote the entry.
func ParseKeys(text string) ([]Key, error) {
	var keys []Key
	for i, entry := range strings.Split(text, ";") {
		if strings.TrimSpace(entry) == "" {
			continue
		}
		key, err := parseKey(entry)
		if err != nil {
			return nil, fmt.Errorf("key %d must have the form accessKeyId:secret=instance,…: %w", i+1, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

func parseKey(entry string) (Key, error) {
	id, rest, _ := strings.Cut(entry, ":")
	// Cut at the last "=", because a secret may contain "=".
	end := strings.LastIndexByte(rest, '=')
	if end < 0 {
		return Key{}, errors.New(`it has no ":", or no "=" after the ":"`)
	}
	grant, err := serve.ParseGrant(rest[end+1:])
	if err != nil {
		return Key{}, err
	}
	key := Key{strings.TrimSpace(id), strings.TrimSpace(rest[:end]), grant}
	switch {
	case key.AccessKeyID == "":
		return Key{}, errors.New("the id is empty")
	case key.Secret == "":
		return Key{}, errors.New("the secret is empty")
	}
	return key, nil
}
