package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"testing"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	openapiutil "github.com/alibabacloud-go/darabonba-openapi/v2/utils"
	"github.com/alibabacloud-go/tea/dara"
	"github.com/alibabacloud-go/tea/tea"
	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/onsmqtt"
	"github.com/stretchr/testify/require"
)

// alibabaClient is one of Alibaba Cloud's own clients, configured to use our endpoint.
type alibabaClient interface {
	// call sends a request for the given action and decodes the response into *into. It returns an
	// error response as an alibabaError.
	call(action string, parameters map[string]any, into any) error
}

// alibabaError is an error response as a client reports it.
type alibabaError struct {
	status                   int
	code, message, requestID string
}

func (e alibabaError) Error() string { return fmt.Sprintf("%d %s: %s", e.status, e.code, e.message) }

// alibabaClients holds a constructor for each kind of client. A constructor takes an endpoint (host
// and port) and an access key.
var alibabaClients = map[string]func(t *testing.T, endpoint, id, secret string) alibabaClient{
	"ACS3-HMAC-SHA256": func(t *testing.T, endpoint, id, secret string) alibabaClient {
		return newNewerClient(t, openapi.Config{Endpoint: &endpoint, AccessKeyId: &id, AccessKeySecret: &secret})
	},
	"HMAC-SHA1": func(t *testing.T, endpoint, id, secret string) alibabaClient {
		return newNewerClient(t, openapi.Config{Endpoint: &endpoint, AccessKeyId: &id, AccessKeySecret: &secret, SignatureAlgorithm: dara.String("v2")})
	},
	"HMAC-SHA1, the older client": func(t *testing.T, endpoint, id, secret string) alibabaClient {
		client, err := onsmqtt.NewClientWithAccessKey("cn-hangzhou", id, secret)
		require.NoError(t, err)
		return olderClient{client, endpoint}
	},
}

// newerClient is the client on which Alibaba's current generated clients are built.
type newerClient struct{ client *openapi.Client }

func newNewerClient(t *testing.T, config openapi.Config) newerClient {
	config.Protocol = dara.String("HTTP")
	client, err := openapi.NewClient(&config)
	require.NoError(t, err)
	return newerClient{client}
}

func (c newerClient) call(action string, parameters map[string]any, into any) error {
	response, err := c.client.CallApi(&openapi.Params{
		Action: &action, Version: dara.String("2020-04-20"), Protocol: dara.String("HTTPS"), Pathname: dara.String("/"),
		Method: dara.String("POST"), AuthType: dara.String("AK"), Style: dara.String("RPC"),
		ReqBodyType: dara.String("formData"), BodyType: dara.String("json"),
	}, &openapi.OpenApiRequest{Query: openapiutil.Query(parameters)}, &dara.RuntimeOptions{})
	if err != nil {
		return newerError(err)
	}
	body, err := json.Marshal(response["body"])
	if err != nil {
		return err
	}
	return json.Unmarshal(body, into)
}

// wrappedMessage matches an error message of the newer client. The client adds the code and the
// request id to the server's message. wrappedMessage captures that message and the request id.
var wrappedMessage = regexp.MustCompile(`^code: \d+, (.*) request id: (\S+)$`)

func newerError(err error) error {
	var failure *tea.SDKError
	if !errors.As(err, &failure) {
		return err
	}
	match := wrappedMessage.FindStringSubmatch(tea.StringValue(failure.Message))
	if match == nil {
		return err
	}
	return alibabaError{tea.IntValue(failure.StatusCode), tea.StringValue(failure.Code), match[1], match[2]}
}

// olderClient is Alibaba's previous client. Its module for this product has functions for only two
// of the three operations. For the third operation, olderClient.common sends a generic request.
type olderClient struct {
	client   *onsmqtt.Client
	endpoint string
}

func (c olderClient) call(action string, parameters map[string]any, into any) error {
	var body []byte
	var err error
	switch action {
	case "QuerySessionByClientId":
		body, err = c.session(parameters)
	case "BatchQuerySessionByClientIds":
		body, err = c.sessions(parameters)
	default:
		body, err = c.common(action, parameters)
	}
	var failure *sdkerrors.ServerError
	if errors.As(err, &failure) {
		return alibabaError{failure.HttpStatus(), failure.ErrorCode(), failure.Message(), failure.RequestId()}
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(body, into)
}

func (c olderClient) session(parameters map[string]any) ([]byte, error) {
	request := onsmqtt.CreateQuerySessionByClientIdRequest()
	request.Scheme, request.Domain = "http", c.endpoint
	request.InstanceId, _ = parameters["InstanceId"].(string)
	request.ClientId, _ = parameters["ClientId"].(string)
	response, err := c.client.QuerySessionByClientId(request)
	if err != nil {
		return nil, err
	}
	return response.GetHttpContentBytes(), nil
}

func (c olderClient) sessions(parameters map[string]any) ([]byte, error) {
	request := onsmqtt.CreateBatchQuerySessionByClientIdsRequest()
	request.Scheme, request.Domain = "http", c.endpoint
	request.InstanceId, _ = parameters["InstanceId"].(string)
	clientIDs, _ := parameters["ClientIdList"].([]string)
	request.ClientIdList = &clientIDs
	response, err := c.client.BatchQuerySessionByClientIds(request)
	if err != nil {
		return nil, err
	}
	return response.GetHttpContentBytes(), nil
}

func (c olderClient) common(action string, parameters map[string]any) ([]byte, error) {
	request := requests.NewCommonRequest()
	request.Method, request.Scheme, request.Domain = "POST", "http", c.endpoint
	request.Version, request.ApiName = "2020-04-20", action
	for name, value := range openapiutil.Query(parameters) {
		request.QueryParams[name] = *value
	}
	response, err := c.client.ProcessCommonRequest(request)
	if err != nil {
		return nil, err
	}
	return response.GetHttpContentBytes(), nil
}

// devicePage is a response to the operation QueryMqttTraceDevice.
type devicePage struct {
	RequestId                    string
	Total, CurrentPage, PageSize int
	DeviceInfoList               []deviceInfo
}

type deviceInfo struct{ Time, ChannelId, Action, ActionCode, ActionInfo string }

// devicePages returns the rows of all pages of a trace. It requires the trace to have the given
// total number of rows, and the page after the last one to be empty.
func devicePages(t *testing.T, c alibabaClient, parameters map[string]any, size, total int) (rows []deviceInfo) {
	t.Helper()
	for page := 1; page == 1 || (page-2)*size < total; page++ {
		request := map[string]any{"CurrentPage": page, "PageSize": size}
		maps.Copy(request, parameters)
		var got devicePage
		require.NoError(t, c.call("QueryMqttTraceDevice", request, &got))
		require.Regexp(t, upperUUID, got.RequestId)
		require.Equal(t, []int{total, page, size}, []int{got.Total, got.CurrentPage, got.PageSize})
		require.NotNil(t, got.DeviceInfoList)
		require.Len(t, got.DeviceInfoList, min(size, max(0, total-(page-1)*size)))
		rows = append(rows, got.DeviceInfoList...)
	}
	return rows
}

var upperUUID = regexp.MustCompile(`^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$`)

// online reports whether an MQTT client is connected. It uses Alibaba's operation for a single
// client.
func online(t require.TestingT, c alibabaClient, instance, clientID string) bool {
	var got struct {
		RequestId    string
		OnlineStatus *bool
	}
	require.NoError(t, c.call("QuerySessionByClientId", map[string]any{"InstanceId": instance, "ClientId": clientID}, &got))
	require.Regexp(t, upperUUID, got.RequestId)
	require.NotNil(t, got.OnlineStatus)
	return *got.OnlineStatus
}

// onlineStatuses returns a string such as "up1 true" for each MQTT client. It uses Alibaba's
// operation for several clients.
func onlineStatuses(t require.TestingT, c alibabaClient, instance string, clientIDs ...string) (statuses []string) {
	var got struct {
		RequestId        string
		OnlineStatusList []struct {
			ClientId     string
			OnlineStatus bool
		}
	}
	require.NoError(t, c.call("BatchQuerySessionByClientIds", map[string]any{"InstanceId": instance, "ClientIdList": clientIDs}, &got))
	require.Regexp(t, upperUUID, got.RequestId)
	for _, status := range got.OnlineStatusList {
		statuses = append(statuses, status.ClientId+" "+strconv.FormatBool(status.OnlineStatus))
	}
	return statuses
}

// requireAlibabaError checks that a client's error has the given status and code, contains the
// given message, and has a request id.
func requireAlibabaError(t *testing.T, err error, status int, code, message string) {
	t.Helper()
	var failure alibabaError
	require.ErrorAs(t, err, &failure)
	require.Equal(t, status, failure.status, failure)
	require.Equal(t, code, failure.code, failure)
	require.Contains(t, failure.message, message)
	require.Regexp(t, upperUUID, failure.requestID)
}
