package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"devicetrace/pkg/event"
)

// smokeEvent is the event that is posted, in the format of the route `events`. It is a disconnect,
// because after a connect the client would seem to be online.
type smokeEvent struct {
	ClientID      string       `json:"client_id"`
	Action        event.Action `json:"action"`
	ActionInfo    string       `json:"action_info"`
	Time          int64        `json:"time"` // Unix ms
	SourceEventID string       `json:"source_event_id"`
	Node          string       `json:"node"`
}

func (s *smoke) event() smokeEvent {
	return smokeEvent{s.clientID, event.Disconnect, string(event.DisconnectedByClient), s.sentAt.UnixMilli(), s.eventID, "ops-smoke"}
}

// post posts the event and checks that the recorder stored it.
func (s *smoke) post(ctx context.Context) (string, error) {
	s.began = s.now()
	s.sentAt = s.began.Truncate(time.Millisecond)
	body, err := json.Marshal(s.event())
	if err != nil {
		return "", err
	}
	path := "/webhooks/events/" + url.PathEscape(string(s.instance))
	r, err := s.exchange(ctx, s.recorder, http.MethodPost, path, s.recorder.token, body)
	if err != nil {
		return "", err
	}
	var accepted struct {
		Recorded *int
		Rejected []struct{ Field, Error string }
	}
	_ = json.Unmarshal(r.body, &accepted) // if the body is not JSON, Recorded stays nil
	switch {
	case accepted.Recorded == nil:
		return "", s.explain(r.reply, s.recorder)
	case len(accepted.Rejected) > 0:
		return "", s.explainRejection(accepted.Rejected[0].Field, accepted.Rejected[0].Error)
	case r.status != http.StatusOK || *accepted.Recorded != 1:
		return "", fault{fmt.Sprintf("the response is %d and says that %s were recorded, not 1", r.status, count(*accepted.Recorded, "event")), "report this as a bug"}
	}
	return "the recorder has stored the event of " + s.clientID, nil
}

func (s *smoke) explainRejection(field, reason string) error {
	what := "the recorder did not accept the event and put it in quarantine: " + s.quote(field+" "+reason)
	if field == "time" {
		return fault{what, "correct this machine's clock, for example with NTP"}
	}
	return fault{what, "deploy the current version of the recorder: it does not understand the event that this version of ops posts"}
}

// tracePage holds the fields that the method read uses of a response to a request for a trace.
type tracePage struct {
	Events *[]struct {
		ClientID      string    `json:"client_id"`
		InstanceID    string    `json:"instance_id"`
		Action        string    `json:"action"`
		ActionInfo    string    `json:"action_info"`
		Time          time.Time `json:"time"`
		ReceivedAt    time.Time `json:"received_at"`
		SourceEventID string    `json:"source_event_id"`
		Node          string    `json:"node"`
	} `json:"events"`
	Incomplete    bool  `json:"incomplete"`
	InstanceKnown *bool `json:"instance_known"` // false if the instance has no events at all
	BucketEmpty   bool  `json:"bucket_empty"`
}

// read reads the event back and compares it with the event that was posted.
func (s *smoke) read(ctx context.Context) (string, error) {
	q := url.Values{
		"instance": {string(s.instance)}, "client": {s.clientID},
		"from": {strconv.FormatInt(s.sentAt.UnixMilli(), 10)}, "to": {strconv.FormatInt(s.sentAt.Add(time.Minute).UnixMilli(), 10)},
	}
	r, err := s.exchange(ctx, s.query, http.MethodGet, "/api/v1/trace?"+q.Encode(), s.query.token, nil)
	if err != nil {
		return "", err
	}
	var page tracePage
	if json.Unmarshal(r.body, &page) != nil || page.Events == nil || r.status != http.StatusOK {
		return "", s.explain(r.reply, s.query)
	}
	if len(*page.Events) != 1 {
		return "", s.explainAbsence(page)
	}
	got := (*page.Events)[0]
	want := s.event()
	read := smokeEvent{got.ClientID, event.Action(got.Action), got.ActionInfo, got.Time.UnixMilli(), got.SourceEventID, got.Node}
	if read != want || got.InstanceID != string(s.instance) {
		return "", fault{fmt.Sprintf("the event that was read back differs from the event that was posted: %s instead of %s", s.quote(fmt.Sprint(read)), s.quote(fmt.Sprint(want))), "report this as a bug"}
	}
	s.compareReceipt(got.ReceivedAt)
	return "the query function has found it, unchanged", nil
}

// compareReceipt prints a note if the recorder's clock differs from this machine's by more than
// maxClockError.
func (s *smoke) compareReceipt(receivedAt time.Time) {
	if ahead := s.began.Sub(receivedAt).Round(time.Second); ahead > maxClockError || ahead < -maxClockError-s.timeout {
		s.note("the event was received at %s by the recorder's clock: this machine's clock %s it. Correct the clock that is wrong", receivedAt.UTC().Format(time.RFC3339), difference(ahead))
	}
}

// explainAbsence returns the fault for an event that the recorder acknowledged, but that the query function
// did not return exactly once.
func (s *smoke) explainAbsence(page tracePage) error {
	const remedy = "both functions must use the same bucket: compare their OSS_BUCKET, OSS_PREFIX, OSS_REGION, SHARDS and RETENTION_DAYS, and deploy both from the same s.yaml"
	switch {
	case len(*page.Events) > 1:
		return fault{fmt.Sprintf("the query function has found %d events instead of one", len(*page.Events)), "report this as a bug"}
	case page.BucketEmpty:
		return fault{"the recorder has stored the event, but the bucket of the query function is empty: it reads another bucket or prefix", remedy}
	case page.InstanceKnown != nil && !*page.InstanceKnown:
		return fault{"the recorder has stored the event, but the query function knows no event of the instance " + string(s.instance) + ": it reads another bucket or prefix", remedy}
	case page.Incomplete:
		return fault{"the query function could not read all objects, and has not found the event", "read its log, and run `ops check`"}
	default:
		return fault{"the recorder has stored the event, but the query function has not found it", remedy +
			". If these settings agree, a lifecycle rule of the bucket or another program may have deleted the object"}
	}
}
