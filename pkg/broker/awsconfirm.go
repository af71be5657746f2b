package broker

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

const (
	awsMessageType  = "X-Amz-Rules-Engine-Message-Type"
	awsConfirmation = "DestinationConfirmation"
)

// awsHandshake recognizes the message that AWS IoT sends to a rule's new destination. The message
// asks whether AWS IoT may send events to the destination. The receiver agrees by requesting the
// URL in the message (https://docs.aws.amazon.com/iot/latest/developerguide/rule-destination.html).
// The URL contains a token from AWS.
//
// A forged message can only make the receiver request a URL of AWS IoT, which does no harm. All
// other URLs are refused.
func awsHandshake(r HandshakeRequest) (HandshakeResponse, bool) {
	if r.Method != http.MethodPost || r.Header.Get(awsMessageType) != awsConfirmation {
		return HandshakeResponse{}, false
	}
	target, err := awsEnableURL(r.Body)
	if err != nil {
		return refuseHandshake("InvalidConfirmation", err.Error()), true
	}
	return HandshakeResponse{
		Status: http.StatusOK,
		Body:   map[string]bool{"confirmed": true},
		Confirm: &Confirmation{URL: target, Unconfirmed: HandshakeError{"NotConfirmed",
			"AWS IoT did not accept the confirmation; to try again, set the destination's status to IN_PROGRESS"}},
	}, true
}

// awsHost matches the host names of the AWS IoT API, one per region.
var awsHost = regexp.MustCompile(`^iot\.[a-z]{2}(-[a-z]+){1,3}-[0-9]{1,2}\.amazonaws\.com(\.cn)?$`)

const awsConfirmationPath = "/confirmdestination/"

// awsEnableURL returns the URL in a confirmation message. It returns an error if the URL
// does not belong to AWS IoT.
func awsEnableURL(body []byte) (*url.URL, error) {
	var message struct {
		EnableURL string `json:"enableUrl"`
	}
	start := body[:min(len(body), MaxHandshakeBody)]
	if err := json.NewDecoder(bytes.NewReader(start)).Decode(&message); err != nil {
		return nil, errors.New("the confirmation is not a JSON object")
	}
	target, err := url.Parse(message.EnableURL)
	if err != nil || target.Scheme != "https" || target.User != nil || !awsHost.MatchString(target.Hostname()) ||
		target.Port() != "" && target.Port() != "443" || !isAWSConfirmation(target.Path) {
		return nil, errors.New("enableUrl must be https://iot.<region>.amazonaws.com" + awsConfirmationPath + "<token>")
	}
	return target, nil
}

// isAWSConfirmation reports whether a path is below awsConfirmationPath and contains no dot
// segment "..", which could lead to another path (RFC 3986, 5.2.4).
func isAWSConfirmation(path string) bool {
	return strings.HasPrefix(path, awsConfirmationPath) && !strings.Contains(path+"/", "/../")
}
