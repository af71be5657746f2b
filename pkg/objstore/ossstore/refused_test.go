package ossstore_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/oss"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/ossstore"
)

// An error that an operator must repair must have a code and a remedy.
func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		standIn func(*oss.Config)
		store   func(*ossstore.Config)
		want    error
		code    string
	}{
		"no bucket":      {nil, func(c *ossstore.Config) { c.Bucket = "another" }, objstore.ErrNoBucket, "NoSuchBucket"},
		"another region": {nil, func(c *ossstore.Config) { c.Region = "cn-beijing" }, objstore.ErrAddress, "WrongEndpoint"},
		"unknown key":    {func(c *oss.Config) { c.Credentials = keys{}.find }, nil, objstore.ErrForbidden, "StoreForbidden"},
		"wrong secret":   {func(c *oss.Config) { c.Credentials = keys{"id": {"other", "token"}}.find }, nil, objstore.ErrForbidden, "StoreForbidden"},
		"wrong token":    {func(c *oss.Config) { c.Credentials = keys{"id": {"secret", "other"}}.find }, nil, objstore.ErrForbidden, "StoreForbidden"},
	} {
		t.Run(name, func(t *testing.T) {
			store := connect(t, standIn(t, c.standIn), c.store)
			_, listed := store.List(t.Context(), "events/", "")
			_, read := store.Read(t.Context(), "key", 0, 1)
			for _, err := range []error{listed, read, store.Put(t.Context(), "key", strings.NewReader("x"), 1), store.Delete(t.Context(), "key")} {
				requireRefusal(t, err, c.want, c.code)
			}
		})
	}
}

func TestRefusalsOfTheService(t *testing.T) {
	for body, c := range map[string]struct {
		want error
		code string
	}{
		"<Code>AccessDenied</Code><Message>The bucket you access does not belong to you.</Message>":                                                   {objstore.ErrForbidden, "StoreForbidden"},
		"<Code>AccessDenied</Code><Message>The bucket you are attempting to access must be addressed using the specified endpoint. Please.</Message>": {objstore.ErrAddress, "WrongEndpoint"},
		"<Code>AccessDenied</Code><EC>0003-00001403</EC>":                                                                                             {objstore.ErrAddress, "WrongEndpoint"},
		"<Code>UserDisable</Code>":                             {objstore.ErrForbidden, "StoreForbidden"},
		"<Code>SecurityTokenExpired</Code>":                    {objstore.ErrForbidden, "StoreForbidden"},
		"<Code>InvalidArgument</Code><Message>Part.</Message>": {nil, ""},
		"<Code>InternalError</Code>":                           {nil, ""},
	} {
		store := connect(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, "<Error>%s</Error>", body)
		}), nil)
		_, err := store.List(t.Context(), "", "")
		requireRefusal(t, err, c.want, c.code)
	}
}

// A host name that does not exist must count as a wrong endpoint, because it most likely contains a
// wrong region.
func TestRefusalOfAnUnknownHost(t *testing.T) {
	store := connect(t, http.NotFoundHandler(), func(c *ossstore.Config) { c.Endpoint = "http://oss.invalid" })
	_, err := store.List(t.Context(), "", "")
	var lookup *net.DNSError
	if errors.As(err, &lookup) && !lookup.IsNotFound {
		t.Skip("this machine cannot look up names: ", err)
	}
	requireRefusal(t, err, objstore.ErrAddress, "WrongEndpoint")
}

func requireRefusal(t *testing.T, err, want error, code string) {
	t.Helper()
	require.Error(t, err)
	for _, other := range []error{objstore.ErrForbidden, objstore.ErrNoBucket, objstore.ErrAddress} {
		require.Equal(t, other == want, errors.Is(err, other), "%v", err)
	}
	got, remedy := objstore.Refusal(err)
	require.Equal(t, code, got)
	require.Equal(t, code != "", remedy != "")
}
