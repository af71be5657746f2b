package ossstore_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/oss"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/ossstore"
)

// tryList lists a stand-in's bucket and returns the error. change adjusts the store's
// configuration, and changeServer adjusts the stand-in's. Tests use "hidden" as a wrong secret or
// token. Errors must not reveal secrets, so tryList fails the test if the error contains this word.
func tryList(t *testing.T, change func(*ossstore.Config), changeServer func(*oss.Config)) error {
	_, err := connect(t, standIn(t, changeServer), change).List(t.Context(), "", "")
	if err != nil {
		require.NotContains(t, err.Error(), "hidden")
	}
	return err
}

func with(id, secret, token string) func(*ossstore.Config) {
	return func(cfg *ossstore.Config) {
		cfg.Credentials = &ossstore.Credentials{}
		cfg.Credentials.Set(id, secret, token)
	}
}

func TestSignatures(t *testing.T) {
	later := func(d time.Duration) func(*oss.Config) {
		return func(cfg *oss.Config) { cfg.Now = func() time.Time { return time.Now().Add(d) } }
	}
	for _, test := range []struct {
		name         string
		change       func(*ossstore.Config)
		changeServer func(*oss.Config)
		code         string
		permanent    bool
	}{
		{"right", nil, nil, "", false},
		{"wrong secret", with("id", "hidden", "token"), nil, "SignatureDoesNotMatch", true},
		{"unknown key", with("other", "hidden", "token"), nil, "InvalidAccessKeyId", false},
		{"wrong token", with("id", "secret", "hidden"), nil, "InvalidSecurityToken", false},
		{"no token", with("id", "secret", ""), nil, "InvalidSecurityToken", false},
		{"never set", func(cfg *ossstore.Config) { cfg.Credentials = &ossstore.Credentials{} }, nil, "no credentials were set", false},
		{"wrong region", func(cfg *ossstore.Config) { cfg.Region = "cn-shanghai" }, nil, "InvalidArgument", true},
		{"wrong bucket", func(cfg *ossstore.Config) { cfg.Bucket = "another" }, nil, "NoSuchBucket", true},
		{"clock 14 minutes off", nil, later(14 * time.Minute), "", false},
		{"clock 16 minutes slow", nil, later(16 * time.Minute), "RequestTimeTooSkewed", false},
		{"clock 16 minutes fast", nil, later(-16 * time.Minute), "RequestTimeTooSkewed", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := tryList(t, test.change, test.changeServer)
			if test.code == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.code)
			require.Equal(t, test.permanent, objstore.IsPermanent(err))
		})
	}
}

// After the key is replaced, a store that is already in use must sign with the new key.
func TestRotation(t *testing.T) {
	known := testKeys()
	credentials := testCredentials()
	store := connect(t, standIn(t, func(cfg *oss.Config) { cfg.Credentials = known.find }),
		func(cfg *ossstore.Config) { cfg.Credentials = credentials })
	put(t, store, "k", "v")

	delete(known, "id")
	known["next"] = struct{ secret, token string }{"next secret", "next token"}
	err := store.Put(t.Context(), "k", strings.NewReader("v"), 1)
	require.ErrorContains(t, err, "InvalidAccessKeyId")

	credentials.Set("next", "next secret", "next token")
	put(t, store, "k", "v")
}

// Each request must be signed with one complete key, even if the key is replaced at the same time.
func TestRotationUnderLoad(t *testing.T) {
	known := keys{}
	for i := range 10 {
		known[fmt.Sprint("id", i)] = struct{ secret, token string }{fmt.Sprint("secret", i), fmt.Sprint("token", i)}
	}
	credentials := &ossstore.Credentials{}
	credentials.Set("id0", "secret0", "token0")
	store := connect(t, standIn(t, func(cfg *oss.Config) { cfg.Credentials = known.find }),
		func(cfg *ossstore.Config) { cfg.Credentials = credentials })

	var work sync.WaitGroup
	errs := make(chan error, 4*25)
	for worker := range 4 {
		work.Go(func() {
			for i := range 25 {
				n := (worker + i) % 10
				credentials.Set(fmt.Sprint("id", n), fmt.Sprint("secret", n), fmt.Sprint("token", n))
				_, err := store.List(t.Context(), "", "")
				errs <- err
			}
		})
	}
	work.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	store := connect(t, standIn(t, nil), func(cfg *ossstore.Config) {
		text := fmt.Sprintf("%v %+v %s %#v", cfg.Credentials, *cfg, cfg.Credentials, cfg.Credentials)
		require.NotContains(t, text, "secret")
		require.NotContains(t, text, "token")
	})
	require.Equal(t, "oss://device-trace/", fmt.Sprint(store))
}
