package openapi

import (
	"context"
	"math"
	"time"

	"devicetrace/pkg/event"
)

const (
	maxSpan = 24 * time.Hour
	maxPage = 100
)

// traceResponse is the body of QueryMqttTraceDevice. DeviceInfoList is never null.
type traceResponse struct {
	identified
	Total          int
	CurrentPage    int64
	PageSize       int
	DeviceInfoList []deviceInfo
	incomplete     bool
}

type deviceInfo struct {
	Time       string
	ChannelID  string `json:"ChannelId"`
	Action     event.Action
	ActionCode string
	ActionInfo event.ActionInfo
}

// china is the time zone of the field Time in a response. The field names no zone, but an example
// in the API reference shows which zone is meant: it requests 07:00 to 08:00 UTC, and its response
// contains a row with the time 15:51.
var china = time.FixedZone("UTC+8", 8*60*60)

func (h *handler) queryMqttTraceDevice(ctx context.Context, instanceID event.InstanceID, p parameters) (response, error) {
	page, request, err := parseTrace(instanceID, p)
	if err != nil {
		return nil, err
	}
	found, err := h.backend.Trace(ctx, request)
	if err != nil {
		return nil, err
	}
	result := &traceResponse{
		Total: found.Total, CurrentPage: page, PageSize: request.Limit,
		DeviceInfoList: make([]deviceInfo, len(found.Rows)), incomplete: found.Incomplete,
	}
	for i, row := range found.Rows {
		result.DeviceInfoList[i] = deviceInfo{
			Time:      row.Time.In(china).Format("2006-01-02 15:04:05.000"),
			ChannelID: row.ChannelID, Action: row.Action,
			ActionCode: "mqtt.trace.action." + string(row.Action), ActionInfo: row.ActionInfo,
		}
	}
	return result, nil
}

func parseTrace(instanceID event.InstanceID, p parameters) (page int64, q TraceRequest, err error) {
	q.InstanceID = instanceID
	if q.ClientID, err = p.clientID("ClientId"); err != nil {
		return 0, q, err
	}
	if q.From, q.To, err = p.span(); err != nil {
		return 0, q, err
	}
	if page, err = p.number("CurrentPage", 1, math.MaxInt32, "the number of the page, from 1"); err != nil {
		return 0, q, err
	}
	size, err := p.number("PageSize", 1, maxPage, "the number of rows per page, 1 to 100")
	if err != nil {
		return 0, q, err
	}
	q.Offset, q.Limit = int((page-1)*size), int(size)
	q.Newest, err = p.flag("Reverse")
	return page, q, err
}

// span returns BeginTime and EndTime, both inclusive.
func (p parameters) span() (from, to time.Time, err error) {
	if from, err = p.time("BeginTime", "the start of the range"); err != nil {
		return from, to, err
	}
	if to, err = p.time("EndTime", "the end of the range"); err != nil {
		return from, to, err
	}
	switch {
	case from.After(to):
		err = invalid("BeginTime must not be after EndTime")
	case to.Sub(from) > maxSpan:
		err = invalid("BeginTime and EndTime are more than a day apart: query each day separately")
	}
	return from, to, err
}
