package env

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func reader(variables map[string]string) *Reader {
	return &Reader{Getenv: func(name string) string { return variables[name] }}
}

func TestReader(t *testing.T) {
	r := reader(map[string]string{"A": " a ", "N": "30"})
	require.Equal(t, "a", r.Required("A"))
	require.Equal(t, "", r.Optional("B"))
	require.Equal(t, 30, r.Int("N", 7, 1, 100))
	require.Equal(t, 7, r.Int("M", 7, 1, 100))
	require.NoError(t, r.Err())
}

func TestReaderNamesEveryFault(t *testing.T) {
	r := reader(map[string]string{"N": "many", "M": "0"})
	r.Required("WEBHOOK_TOKEN")
	r.Int("N", 7, 1, 100)
	r.Int("M", 7, 1, 100)
	require.EqualError(t, r.Err(), `environment variable WEBHOOK_TOKEN is not set; `+
		`environment variable N is "many", want a whole number from 1 to 100; `+
		`environment variable M is "0", want a whole number from 1 to 100`)
}

func TestBucketNamesWhatIsMissing(t *testing.T) {
	r := reader(map[string]string{"OSS_BUCKET": "trace"})
	r.Bucket()
	require.ErrorContains(t, r.Err(), "OSS_ENDPOINT")
	require.ErrorContains(t, r.Err(), "OSS_REGION")
	require.NotContains(t, r.Err().Error(), "OSS_BUCKET")
}

func TestBucket(t *testing.T) {
	r := reader(map[string]string{"OSS_BUCKET": "trace", "OSS_REGION": "cn-hangzhou", "OSS_ENDPOINT": "http://127.0.0.1:1"})
	bucket := r.Bucket()
	require.NoError(t, r.Err())
	require.NotNil(t, bucket.Store)
	bucket.Credentials("id", "secret", "token")
}
