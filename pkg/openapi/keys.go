package openapi

import (
	"fmt"
	"slices"
	"strings"

	"devicetrace/pkg/event"
)

// Key is who may ask, and about which instances.
type Key struct {
	AccessKeyID string
	Secret      string
	// Instances are the instance ids that the key may ask about; "*" is all.
	Instances []event.InstanceID
}

// String leaves the secret out.
func (k Key) String() string {
	instances := make([]string, len(k.Instances))
	for i, instance := range k.Instances {
		instances[i] = string(instance)
	}
	return k.AccessKeyID + ":…=" + strings.Join(instances, ",")
}

func (k Key) mayAskAbout(instanceID event.InstanceID) bool {
	return slices.Contains(k.Instances, instanceID) || slices.Contains(k.Instances, "*")
}

// ParseKeys reads keys in the form
//
//	accessKeyId:secret=instance,instance;accessKeyId:secret=*
//
// Space around each part is dropped, and so are empty entries: an empty text is no
// keys. An id holds no ":", a secret no ";", an instance none of "=", "," and ";".
// Errors name an entry by its number, never by its text.
func ParseKeys(text string) ([]Key, error) {
	var keys []Key
	for i, entry := range strings.Split(text, ";") {
		if strings.TrimSpace(entry) == "" {
			continue
		}
		key, err := parseKey(entry)
		if err != nil {
			return nil, fmt.Errorf("parse key %d, of the form accessKeyId:secret=instance,…: %w", i+1, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

func parseKey(entry string) (Key, error) {
	id, rest, _ := strings.Cut(entry, ":")
	// The last "=", since a secret may end with some.
	end := strings.LastIndexByte(rest, '=')
	if end < 0 {
		return Key{}, fmt.Errorf("there is no : or no = after it")
	}
	key := Key{AccessKeyID: strings.TrimSpace(id), Secret: strings.TrimSpace(rest[:end])}
	for instance := range strings.SplitSeq(rest[end+1:], ",") {
		if instance = strings.TrimSpace(instance); instance != "" {
			key.Instances = append(key.Instances, event.InstanceID(instance))
		}
	}
	switch {
	case key.AccessKeyID == "":
		return Key{}, fmt.Errorf("the id is empty")
	case key.Secret == "":
		return Key{}, fmt.Errorf("the secret is empty")
	case len(key.Instances) == 0:
		return Key{}, fmt.Errorf("there is no instance; * is all of them")
	}
	return key, nil
}
