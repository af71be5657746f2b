package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
)

func prepareShow(*flag.FlagSet) action {
	return func(ctx context.Context, t terminal, ids []string) error {
		if len(ids) != 1 {
			return errUsage("takes exactly one ID")
		}
		return show(ctx, t, ids[0])
	}
}

// show writes the item's original body to standard output, and all other information about the
// item to standard error. If standard output is a terminal, unprintable characters in the body are
// escaped. Otherwise, for example in a pipe, the body is written unchanged.
func show(ctx context.Context, t terminal, id string) error {
	r, err := newRecorder(t)
	if err != nil {
		return err
	}
	for from, isFirst := 0, true; isFirst || from > 0; isFirst = false {
		var part itemPart
		if err := r.call(ctx, http.MethodGet, fmt.Sprintf("%s?from=%d", itemPath(id), from), &part, http.StatusOK); err != nil {
			return err
		}
		if isFirst {
			part.describe(t)
		}
		body := append(part.BodyBase64, part.Body...)
		if t.interactive {
			body = visible(body)
		}
		if _, err := t.stdout.Write(body); err != nil {
			return err
		}
		from = part.NextFrom
	}
	return nil
}

// itemPart is a response that contains a quarantined item and one part of its body.
type itemPart struct {
	itemHead
	Hook     string      `json:"hook"`
	Position string      `json:"position"`
	Encoding string      `json:"encoding"` // the body's Content-Encoding, such as gzip; empty if it has none
	Errors   []rejection `json:"errors"`
	// Body holds the received part of the item's body if that part is text. Otherwise, BodyBase64
	// holds the part.
	Body       string `json:"body"`
	BodyBase64 []byte `json:"body_base64"`
	// NextFrom is the offset of the next part, or 0 if this is the last part.
	NextFrom int `json:"next_from"`
}

func (p itemPart) describe(t terminal) {
	fmt.Fprintf(t.stderr, "received %s, route %s, instance %s\n", p.received(), clean(p.Route), clean(p.InstanceID))
	for _, property := range [][2]string{{"hook", p.Hook}, {"position", p.Position}, {"encoding", p.Encoding}} {
		if property[1] != "" {
			fmt.Fprintf(t.stderr, "%s %s\n", property[0], clean(property[1]))
		}
	}
	for _, e := range p.Errors {
		fmt.Fprintln(t.stderr, e)
	}
}
