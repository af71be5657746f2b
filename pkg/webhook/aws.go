package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"devicetrace/pkg/serve"
)

const (
	messageTypeHeader = "X-Amz-Rules-Engine-Message-Type"
	confirmationType  = "DestinationConfirmation"
	maxConfirmation   = 16 << 10
)

// confirmDestination answers the message with which AWS IoT asks whether a new
// destination of a rule may be sent to: it asks for the URL that the message names,
// which holds AWS's token, and nothing of what it gets is passed on.
// (https://docs.aws.amazon.com/iot/latest/developerguide/rule-destination.html)
//
// Whoever makes such a message up can make this function ask AWS IoT for a URL of
// its own, and nobody else.
func (h *Handler) confirmDestination(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodPost || r.Header.Get(messageTypeHeader) != confirmationType {
		return false
	}
	target, err := enableURL(r.Body)
	if err != nil {
		serve.Fail(w, http.StatusBadRequest, "InvalidConfirmation", err.Error())
		return true
	}
	if err := h.ask(r.Context(), target); err != nil {
		slog.WarnContext(r.Context(), "destination not confirmed", "host", target.Host, "error", err.Error())
		serve.TryLater(w, http.StatusServiceUnavailable, "NotConfirmed", "AWS IoT did not take the confirmation: set the destination's status to IN_PROGRESS to try again")
		return true
	}
	slog.InfoContext(r.Context(), "destination confirmed", "host", target.Host)
	serve.JSON(w, http.StatusOK, map[string]bool{"confirmed": true})
	return true
}

// awsIoTHost is where AWS IoT's own interface is, one host a region.
var awsIoTHost = regexp.MustCompile(`^iot\.[a-z]{2}(-[a-z]+){1,3}-[0-9]{1,2}\.amazonaws\.com(\.cn)?$`)

const confirmationPath = "/confirmdestination/"

// enableURL is the URL that a confirmation names, if it is one of AWS IoT.
func enableURL(body io.Reader) (*url.URL, error) {
	var message struct {
		EnableURL string `json:"enableUrl"`
	}
	if err := json.NewDecoder(io.LimitReader(body, maxConfirmation)).Decode(&message); err != nil {
		return nil, errors.New("the confirmation is not a JSON object")
	}
	target, err := url.Parse(message.EnableURL)
	if err != nil || target.Scheme != "https" || target.User != nil || !awsIoTHost.MatchString(target.Hostname()) ||
		target.Port() != "" && target.Port() != "443" || !isConfirmation(target.Path) {
		return nil, errors.New("enableUrl must be https://iot.<region>.amazonaws.com" + confirmationPath + "<token>")
	}
	return target, nil
}

// isConfirmation: what is asked for is a confirmation, also after the dots of a path are
// resolved (RFC 3986, 5.2.4).
func isConfirmation(path string) bool {
	return strings.HasPrefix(path, confirmationPath) && !strings.Contains(path+"/", "/../")
}

// outsideTimeout leaves time to answer within that of the function.
const outsideTimeout = 5 * time.Second

// newOutside makes a client that goes where it is told and no further.
func newOutside(way http.RoundTripper) *http.Client {
	return &http.Client{
		Transport:     way,
		Timeout:       outsideTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// ask asks for a URL. Its errors do not hold it.
func (h *Handler) ask(ctx context.Context, target *url.URL) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return errors.New("the URL cannot be asked for")
	}
	response, err := h.outside.Do(request)
	var inURL *url.Error
	if errors.As(err, &inURL) {
		return inURL.Err
	}
	if err != nil {
		return err
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return errors.New("it answers " + response.Status)
	}
	return nil
}
