package objstore

import "errors"

// The following errors mean that the service refuses every request until an operator repairs the
// configuration. The errors that wrap them contain the service's own message.
var (
	// ErrForbidden means that the service does not accept the credentials, or that they do not
	// permit the request.
	ErrForbidden = errors.New("the store refuses the credentials or does not permit the request")
	// ErrNoBucket means that the bucket does not exist.
	ErrNoBucket = errors.New("there is no such bucket")
	// ErrAddress means that the bucket is at another endpoint or in another region.
	ErrAddress = errors.New("the endpoint or the region is not the bucket's")
)

// Refusal returns a stable code for programs and a sentence with the cause and the remedy for people, if
// err wraps one of the errors above. Otherwise it returns two empty strings. Neither string contains any
// part of the service's response.
func Refusal(err error) (code, remedy string) {
	switch {
	case errors.Is(err, ErrForbidden):
		return "StoreForbidden", "OSS refuses the function: check OSS_BUCKET, the function's role and the role's policy, and that no payment is overdue"
	case errors.Is(err, ErrNoBucket):
		return "NoSuchBucket", "OSS has no such bucket: check OSS_BUCKET, or create the bucket"
	case errors.Is(err, ErrAddress):
		return "WrongEndpoint", "the bucket is at another endpoint or in another region: check OSS_ENDPOINT and OSS_REGION"
	default:
		return "", ""
	}
}
