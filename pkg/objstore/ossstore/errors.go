package ossstore

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"

	"devicetrace/pkg/objstore"
)

// permanentCodes lists the service's error codes after which the same request would fail again.
//
// It omits the codes for an invalid access key (InvalidAccessKeyId, InvalidSecurityToken,
// SecurityTokenExpired). After such an error, a retry can succeed, because each attempt reads
// Credentials anew and may be signed with a fresh key. It also omits InvalidDigest, because a body
// that was damaged in transit may arrive intact on the next attempt.
var permanentCodes = map[string]bool{
	"AccessDenied":          true,
	"EntityTooLarge":        true,
	"InvalidArgument":       true,
	"InvalidBucketName":     true,
	"InvalidObjectName":     true,
	"InvalidObjectState":    true, // the object is archived
	"KeyTooLong":            true,
	"MalformedXML":          true,
	"MethodNotAllowed":      true,
	"MissingContentLength":  true,
	"NoSuchBucket":          true,
	"NotImplemented":        true,
	"SignatureDoesNotMatch": true,
	"UserDisable":           true,
}

// classify translates an error response from the service into an error that callers can recognize.
// The result matches fs.ErrNotExist or objstore.ErrRange, or it is permanent. A permanent error may
// match objstore.ErrImmutable. Any other error, such as a gateway's error page or a broken
// connection, leaves the outcome of the call unknown. classify returns it unchanged.
func classify(err error) error {
	var response oss.ServiceError
	switch {
	case !errors.As(err, &response):
		return err
	case response.Code == "NoSuchKey" && response.StatusCode == http.StatusNotFound:
		return fmt.Errorf("%w (%w)", fs.ErrNotExist, err)
	case response.Code == "FileImmutable":
		return objstore.Permanent(fmt.Errorf("%w (%w)", objstore.ErrImmutable, err))
	case response.Code == "InvalidRange":
		return fmt.Errorf("%w (%w)", objstore.ErrRange, err)
	case permanentCodes[response.Code]:
		return objstore.Permanent(err)
	}
	return err
}
