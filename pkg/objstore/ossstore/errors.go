package ossstore

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"

	"devicetrace/pkg/objstore"
)

// permanentCodes are the service's words for «the same request will fail again».
//
// What concerns the access key itself (InvalidAccessKeyId, InvalidSecurityToken,
// SecurityTokenExpired) is left out: the next attempt may be signed with a fresh
// one, since Credentials are read at each. So is InvalidDigest: the body was
// damaged on its way.
var permanentCodes = map[string]bool{
	"AccessDenied":          true,
	"EntityTooLarge":        true,
	"InvalidArgument":       true,
	"InvalidBucketName":     true,
	"InvalidObjectName":     true,
	"InvalidObjectState":    true, // archived
	"KeyTooLong":            true,
	"MalformedXML":          true,
	"MethodNotAllowed":      true,
	"MissingContentLength":  true,
	"NoSuchBucket":          true,
	"NotImplemented":        true,
	"SignatureDoesNotMatch": true,
	"UserDisable":           true,
}

// classify turns the service's own answers into the contract's errors. Anything
// else, as a gateway's page or a broken connection, stays as it is: unknown.
func classify(err error) error {
	var answer oss.ServiceError
	switch {
	case !errors.As(err, &answer):
		return err
	case answer.Code == "NoSuchKey" && answer.StatusCode == http.StatusNotFound:
		return as{fs.ErrNotExist, err}
	case answer.Code == "InvalidRange":
		return as{objstore.ErrRange, err}
	case permanentCodes[answer.Code]:
		return objstore.Permanent(err)
	}
	return err
}

// as is an answer of the service that means one of the contract's errors.
type as struct{ meaning, answer error }

func (e as) Error() string   { return fmt.Sprintf("%v (%v)", e.meaning, e.answer) }
func (e as) Unwrap() []error { return []error{e.meaning, e.answer} }
