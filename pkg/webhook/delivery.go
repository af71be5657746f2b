package webhook

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
	"devicetrace/pkg/quarantine"
	"devicetrace/pkg/serve"
)

// delivery is one webhook request or trigger invocation, or the replay of one. It holds everything
// that the deliver method needs from the request.
type delivery struct {
	// route names the source. source is the broker.Source with that name, or the zero Source if the
	// name is unknown.
	route      string
	source     broker.Source
	instance   event.InstanceID
	receivedAt time.Time
	// id is 8 random hex digits; see broker.Meta. It is empty until identify has drawn it.
	id string
	// hook and position are for the decoder; see broker.Meta.
	hook, position string
	// encoding is the Content-Encoding that still applies to body; empty if there is none.
	encoding string
	body     []byte

	// The fields below are set only for webhooks.

	// tokens are all tokens that the sender presented, valid or not.
	tokens []string
	// signature holds the headers of a signed request, or nil if there is no signature to check.
	signature http.Header
	// length is the length of the body as sent, in bytes; -1 if unknown.
	length int64
	// unread is the body as a stream. readBody reads the stream into the body field, and then sets
	// unread to nil.
	unread io.Reader
}

// parse reads everything except the body from a request. It does not check that the values are
// valid.
func parse(r *http.Request, now time.Time) *delivery {
	route, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, webhookPath), "/")
	source, _ := broker.Find(route)
	instance, pathToken := rest, ""
	if source.TokenInPath {
		instance, pathToken, _ = strings.Cut(rest, "/")
	}
	return &delivery{
		route:      route,
		source:     source,
		instance:   event.InstanceID(instance),
		receivedAt: now.UTC(),
		hook:       parseHook(r.Header.Get(source.HookHeader)),
		position:   parsePosition(r.Header.Get(positionHeader)),
		encoding:   parseEncoding(r.Header.Get("Content-Encoding")),
		tokens:     presentedTokens(r, source, pathToken),
		signature:  parseSignature(r, source),
		length:     r.ContentLength,
		unread:     r.Body,
	}
}

// presentedTokens returns the tokens from all places where the source may put a token.
func presentedTokens(r *http.Request, source broker.Source, pathToken string) []string {
	tokens := []string{serve.BearerToken(r), pathToken}
	if _, password, ok := r.BasicAuth(); ok {
		tokens = append(tokens, password)
	}
	if source.TokenInQuery {
		tokens = append(tokens, r.URL.Query().Get("token"))
	}
	return tokens
}

// identify draws the delivery's id. Without an id, different events without a time could collapse
// into one, so a delivery must not be recorded if identify returns an error.
func (d *delivery) identify(random io.Reader) error {
	var id [4]byte
	if _, err := io.ReadFull(random, id[:]); err != nil {
		return fmt.Errorf("draw the id of a delivery: %w", err)
	}
	d.id = hex.EncodeToString(id[:])
	return nil
}

// peek returns the first n bytes of the body, the whole body if it is shorter, or nil if the
// body cannot be read. A later readBody still reads the whole body.
func (d *delivery) peek(n int) []byte {
	buffered := bufio.NewReaderSize(d.unread, n)
	d.unread = buffered
	start, err := buffered.Peek(n)
	if err != nil && err != io.EOF {
		return nil
	}
	return start
}

// item converts the delivery to a quarantine item. reasons says why items of the body were
// rejected.
func (d *delivery) item(reasons []broker.Rejected) quarantine.Item {
	item := quarantine.Item{
		ReceivedAt: d.receivedAt,
		DeliveryID: d.id,
		Route:      d.route,
		InstanceID: d.instance,
		Hook:       d.hook,
		Position:   d.position,
		Encoding:   d.encoding,
		Body:       d.body,
	}
	for _, one := range reasons {
		item.Errors = append(item.Errors, quarantine.Error{Item: one.Item, Field: one.Field, Error: one.Error})
	}
	return item
}

// newDelivery returns a delivery that did not arrive as an HTTP request.
func newDelivery(route string, instance event.InstanceID, receivedAt time.Time, body []byte) *delivery {
	source, _ := broker.Find(route)
	return &delivery{route: route, source: source, instance: instance, receivedAt: receivedAt, body: body}
}

// deliveryOf rebuilds a delivery from an item in quarantine. It is the inverse of delivery.item.
func deliveryOf(item quarantine.Item) *delivery {
	d := newDelivery(item.Route, item.InstanceID, item.ReceivedAt, item.Body)
	d.id, d.hook, d.position, d.encoding = item.DeliveryID, item.Hook, item.Position, item.Encoding
	return d
}
