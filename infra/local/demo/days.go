package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"devicetrace/infra/local/sim"
	"devicetrace/pkg/event"
)

// demoInstance is the instance of the made-up days.
const demoInstance = "demo"

// showDays records a made-up day, yesterday, of one device for each cause that the
// page can tell, and prints their links.
func showDays(ctx context.Context, api traceAPI, webhookToken string) error {
	day := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -1)
	fmt.Println("\nA made-up day of a device for each cause, yesterday:")
	for seed, cause := range sim.Causes {
		events := sim.Device(cause, uint64(seed)+1, day)
		if err := post(ctx, api.base+"/webhooks/events/"+demoInstance, webhookToken, events); err != nil {
			return fmt.Errorf("%s: %w", cause, err)
		}
		fmt.Printf("  %-18s %4d events  %s\n", cause, len(events), api.page(demoInstance, string(events[0].ClientID), day, day.Add(24*time.Hour-time.Millisecond)))
	}
	return nil
}

// sent is an event in the project's own form.
type sent struct {
	ClientID        event.ClientID   `json:"client_id"`
	Action          event.Action     `json:"action"`
	ActionInfo      event.ActionInfo `json:"action_info"`
	Time            int64            `json:"time"`
	ConnectedAt     int64            `json:"connected_at,omitempty"`
	ChannelID       string           `json:"channel_id,omitempty"`
	SourceEventID   string           `json:"source_event_id,omitempty"`
	Source          string           `json:"source"`
	NativeEvent     string           `json:"native_event"`
	NativeReason    string           `json:"native_reason,omitempty"`
	ReasonCode      *int32           `json:"reason_code,omitempty"`
	PeerAddress     string           `json:"peer_address,omitempty"`
	PeerPort        int32            `json:"peer_port,omitempty"`
	Username        string           `json:"username,omitempty"`
	Node            string           `json:"node,omitempty"`
	Protocol        string           `json:"protocol,omitempty"`
	ProtocolVersion int32            `json:"protocol_version,omitempty"`
	KeepAlive       *int32           `json:"keep_alive,omitempty"`
	CleanStart      *bool            `json:"clean_start,omitempty"`
}

func toSent(e event.Event) sent {
	s := sent{
		ClientID: e.ClientID, Action: e.Action, ActionInfo: e.ActionInfo, Time: e.Time.UnixMilli(),
		ChannelID: e.ChannelID, SourceEventID: e.SourceEventID, Source: e.Source,
		NativeEvent: e.NativeEvent, NativeReason: e.NativeReason, ReasonCode: e.ReasonCode.Pointer(),
		PeerAddress: e.PeerAddress, PeerPort: e.PeerPort, Username: e.Username, Node: e.Node,
		Protocol: e.Protocol, ProtocolVersion: e.ProtocolVersion, KeepAlive: event.Seconds(e.KeepAlive).Pointer(), CleanStart: e.CleanStart.Pointer(),
	}
	if !e.ConnectedAt.IsZero() {
		s.ConnectedAt = e.ConnectedAt.UnixMilli()
	}
	return s
}

// post sends all events at once; they must all become rows.
func post(ctx context.Context, url, token string, events []event.Event) error {
	items := make([]sent, len(events))
	for i, e := range events {
		items[i] = toSent(e)
	}
	body, err := json.Marshal(items)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the recorder answers %s", resp.Status)
	}
	return nil
}
