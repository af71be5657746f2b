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

// alibabaClient is one of Alibaba Cloud's own clients. Only its endpoint is ours.
type alibabaClient interface {
	// call decodes the answer into a value. Its error is an alibabaError.
	call(action string, parameters map[string]any, into any) error
}

// alibabaError is what a client tells of an error that it got.
type alibabaError struct {
	status                   int
	code, message, requestID string
}

func (e alibabaError) Error() string { return fmt.Sprintf("%d %s: %s", e.status, e.code, e.message) }

// alibabaClients make a client each, for an endpoint (host and port) and a key.
var alibabaClients = map[string]func(t *testing.T, endpoint, id, secret string) alibabaClient{
	"ACS3-HMAC-SHA256": func(t *testing.T, endpoint, id, secret string) alibabaClient {
		return newerClient(t, openapi.Config{Endpoint: &endpoint, AccessKeyId: &id, AccessKeySecret: &secret})
	},
	"HMAC-SHA1": func(t *testing.T, endpoint, id, secret string) alibabaClient {
		return newerClient(t, openapi.Config{Endpoint: &endpoint, AccessKeyId: &id, AccessKeySecret: &secret, SignatureAlgorithm: dara.String("v2")})
	},
	"HMAC-SHA1, the older client": func(t *testing.T, endpoint, id, secret string) alibabaClient {
		client, err := onsmqtt.NewClientWithAccessKey("cn-hangzhou", id, secret)
		require.NoError(t, err)
		return older{client, endpoint}
	},
}

// newer is the client that the generated ones of today call.
type newer struct{ client *openapi.Client }

func newerClient(t *testing.T, config openapi.Config) newer {
	config.Protocol = dara.String("HTTP")
	client, err := openapi.NewClient(&config)
	require.NoError(t, err)
	return newer{client}
}

func (c newer) call(action string, parameters map[string]any, into any) error {
	answer, err := c.client.CallApi(&openapi.Params{
		Action: &action, Version: dara.String("2020-04-20"), Protocol: dara.String("HTTPS"), Pathname: dara.String("/"),
		Method: dara.String("POST"), AuthType: dara.String("AK"), Style: dara.String("RPC"),
		ReqBodyType: dara.String("formData"), BodyType: dara.String("json"),
	}, &openapi.OpenApiRequest{Query: openapiutil.Query(parameters)}, &dara.RuntimeOptions{})
	if err != nil {
		return newerError(err)
	}
	body, err := json.Marshal(answer["body"])
	if err != nil {
		return err
	}
	return json.Unmarshal(body, into)
}

// messageOf takes a message out of what the client makes of it.
var messageOf = regexp.MustCompile(`^code: \d+, (.*) request id: (\S+)$`)

func newerError(err error) error {
	var fault *tea.SDKError
	if !errors.As(err, &fault) {
		return err
	}
	match := messageOf.FindStringSubmatch(tea.StringValue(fault.Message))
	if match == nil {
		return err
	}
	return alibabaError{tea.IntValue(fault.StatusCode), tea.StringValue(fault.Code), match[1], match[2]}
}

// older is the client of before, whose module for this product knows two of the three
// operations.
type older struct {
	client   *onsmqtt.Client
	endpoint string
}

func (c older) call(action string, parameters map[string]any, into any) error {
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
	var fault *sdkerrors.ServerError
	if errors.As(err, &fault) {
		return alibabaError{fault.HttpStatus(), fault.ErrorCode(), fault.Message(), fault.RequestId()}
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(body, into)
}

func (c older) session(parameters map[string]any) ([]byte, error) {
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

func (c older) sessions(parameters map[string]any) ([]byte, error) {
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

func (c older) common(action string, parameters map[string]any) ([]byte, error) {
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

// devicePage is an answer to QueryMqttTraceDevice.
type devicePage struct {
	RequestId                    string
	Total, CurrentPage, PageSize int
	DeviceInfoList               []deviceInfo
}

type deviceInfo struct{ Time, ChannelId, Action, ActionCode, ActionInfo string }

// devicePages asks for all pages of a trace, and for one more, which is empty.
func devicePages(t *testing.T, c alibabaClient, parameters map[string]any, size, total int) (rows []deviceInfo) {
	t.Helper()
	for page := 1; page == 1 || (page-2)*size < total; page++ {
		asked := map[string]any{"CurrentPage": page, "PageSize": size}
		maps.Copy(asked, parameters)
		var got devicePage
		require.NoError(t, c.call("QueryMqttTraceDevice", asked, &got))
		require.Regexp(t, upperUUID, got.RequestId)
		require.Equal(t, []int{total, page, size}, []int{got.Total, got.CurrentPage, got.PageSize})
		require.NotNil(t, got.DeviceInfoList)
		require.Len(t, got.DeviceInfoList, min(size, max(0, total-(page-1)*size)))
		rows = append(rows, got.DeviceInfoList...)
	}
	return rows
}

var upperUUID = regexp.MustCompile(`^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$`)

// online is whether one client is connected, by the operation for one.
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

// onlineOf is the same of several, by the operation for them.
func onlineOf(t require.TestingT, c alibabaClient, instance string, clientIDs ...string) (told []string) {
	var got struct {
		RequestId        string
		OnlineStatusList []struct {
			ClientId     string
			OnlineStatus bool
		}
	}
	require.NoError(t, c.call("BatchQuerySessionByClientIds", map[string]any{"InstanceId": instance, "ClientIdList": clientIDs}, &got))
	require.Regexp(t, upperUUID, got.RequestId)
	for _, of := range got.OnlineStatusList {
		told = append(told, of.ClientId+" "+strconv.FormatBool(of.OnlineStatus))
	}
	return told
}

// requireAlibabaError checks an error as the client tells it.
func requireAlibabaError(t *testing.T, err error, status int, code, message string) {
	t.Helper()
	var fault alibabaError
	require.ErrorAs(t, err, &fault)
	require.Equal(t, status, fault.status, fault)
	require.Equal(t, code, fault.code, fault)
	require.Contains(t, fault.message, message)
	require.Regexp(t, upperUUID, fault.requestID)
}
