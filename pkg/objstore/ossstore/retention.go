package ossstore

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
)

// Retention describes a bucket's retention policy (WORM), which protects each object from being
// replaced or deleted.
type Retention struct {
	// Days is the number of days for which the policy protects an object after its last put. It is
	// zero if there is no policy.
	Days int
	// Locked means that the policy can no longer be removed.
	Locked bool
}

// Retention returns the bucket's retention policy. It makes one request, which requires the
// permission oss:GetBucketWorm.
func (s *Store) Retention(ctx context.Context) (Retention, error) {
	found, err := s.sdk.Client.GetBucketWorm(s.sdk.BucketName, oss.WithContext(ctx))
	var response oss.ServiceError
	switch {
	case errors.As(err, &response) && response.StatusCode == http.StatusNotFound && response.Code == "NoSuchWORMConfiguration":
		return Retention{}, nil
	case err != nil:
		return Retention{}, fmt.Errorf("get retention policy: %w", classify(err))
	case found.State == "Expired": // it was never locked, and protects nothing
		return Retention{}, nil
	}
	return Retention{Days: found.RetentionPeriodInDays, Locked: found.State == "Locked"}, nil
}
