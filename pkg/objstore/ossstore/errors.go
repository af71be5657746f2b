package ossstore

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"strings"

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
// match objstore.ErrImmutable. If the service does not accept the credentials, the bucket or the
// address, the result matches one of the errors that objstore.Refusal explains. classify returns any
// other error unchanged, such as a gateway's error page or a broken connection. Such an error leaves the
// outcome of the call unknown.
func classify(err error) error {
	var response oss.ServiceError
	var lookup *net.DNSError
	switch {
	case errors.As(err, &lookup) && lookup.IsNotFound:
		return fmt.Errorf("%w (%w)", objstore.ErrAddress, err)
	case !errors.As(err, &response):
		return err
	case response.Code == "NoSuchKey" && response.StatusCode == http.StatusNotFound:
		return fmt.Errorf("%w (%w)", fs.ErrNotExist, err)
	case response.Code == "FileImmutable":
		return objstore.Permanent(fmt.Errorf("%w (%w)", objstore.ErrImmutable, err))
	case response.Code == "InvalidRange":
		return fmt.Errorf("%w (%w)", objstore.ErrRange, err)
	case permanentCodes[response.Code]:
		return objstore.Permanent(explain(response, err))
	}
	return explain(response, err)
}

// forbiddenCodes lists the service's error codes for credentials that it does not accept, or that do
// not permit the request.
var forbiddenCodes = map[string]bool{
	"AccessDenied":          true,
	"InvalidAccessKeyId":    true,
	"InvalidSecurityToken":  true,
	"SecurityTokenExpired":  true,
	"SignatureDoesNotMatch": true,
	"UserDisable":           true,
}

// explain wraps err in ErrNoBucket, ErrAddress or ErrForbidden if the response shows that an operator must
// repair the configuration. Otherwise it returns err.
func explain(response oss.ServiceError, err error) error {
	switch {
	case response.Code == "NoSuchBucket":
		return fmt.Errorf("%w (%w)", objstore.ErrNoBucket, err)
	case isMisaddressed(response):
		return fmt.Errorf("%w (%w)", objstore.ErrAddress, err)
	case forbiddenCodes[response.Code]:
		return fmt.Errorf("%w (%w)", objstore.ErrForbidden, err)
	}
	return err
}

// isMisaddressed reports whether the service says that the bucket is at another endpoint, or that
// the request was signed for another region. The service uses general codes for both.
func isMisaddressed(response oss.ServiceError) bool {
	message := strings.ToLower(response.Message)
	switch response.Code {
	case "AccessDenied":
		return response.Ec == "0003-00001403" || strings.Contains(message, "specified endpoint")
	case "InvalidArgument":
		return strings.Contains(message, "region") || strings.Contains(message, "credential's scope")
	}
	return false
}
