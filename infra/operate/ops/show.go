package main

import (
	"context"
	"fmt"
	"net/http"
)

// item is an item with a part of its body.
type item struct {
	about
	Hook     string  `json:"hook"`
	Position string  `json:"position"`
	Encoding string  `json:"encoding"` // that the body still has
	Errors   []fault `json:"errors"`
	// The part stands in one of the two.
	Body       string `json:"body"`
	BodyBase64 []byte `json:"body_base64"`
	// NextFrom is where the next part begins; 0 after the last.
	NextFrom int `json:"next_from"`
}

// show writes the body as it came to standard output, and what else there is to know
// of it to standard error.
func (q quarantine) show(ctx context.Context, id string) error {
	for from, first := 0, true; first || from > 0; first = false {
		var part item
		if err := q.api.call(ctx, http.MethodGet, fmt.Sprintf("%s?from=%d", itemPath(id), from), &part, http.StatusOK); err != nil {
			return err
		}
		if first {
			q.describe(part)
		}
		if _, err := q.out.Write(append(part.BodyBase64, part.Body...)); err != nil {
			return err
		}
		from = part.NextFrom
	}
	return nil
}

func (q quarantine) describe(i item) {
	fmt.Fprintf(q.err, "received %s, route %s, instance %s\n", i.received(), clean(i.Route), clean(i.InstanceID))
	for _, told := range [][2]string{{"hook", i.Hook}, {"position", i.Position}, {"encoding", i.Encoding}} {
		if told[1] != "" {
			fmt.Fprintf(q.err, "%s %s\n", told[0], clean(told[1]))
		}
	}
	for _, fault := range i.Errors {
		fmt.Fprintln(q.err, fault)
	}
}
