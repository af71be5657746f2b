package wire

import (
	"fmt"
	"net/http"
)

// Fault is one way in which a request can go wrong.
type Fault struct {
	Name string
	// Final is true if the response looks correct despite the fault, for example with a shortened
	// object. The client then does not retry.
	Final bool
	// Applies reports whether the fault can happen to a request.
	Applies func(*http.Request) bool
	happen  func(*exchange)
}

// Faults returns every fault.
func Faults() []Fault {
	const html = "text/html"
	instead := func(r func() *reply) func(*exchange) {
		return func(x *exchange) { x.respond(r()) }
	}
	changed := func(change func(*reply)) func(*exchange) {
		return func(x *exchange) {
			r := x.forward()
			change(r)
			x.respond(r)
		}
	}
	return []Fault{
		{Name: "reset before", Applies: every, happen: (*exchange).reset},
		{Name: "reset after", Applies: every, happen: func(x *exchange) { x.forward(); x.reset() }},
		{Name: "reset, delayed", Applies: every, happen: func(x *exchange) { x.delay(); x.reset() }},
		{Name: "hang before", Applies: every, happen: (*exchange).hang},
		{Name: "hang after", Applies: every, happen: func(x *exchange) { x.forward(); x.hang() }},
		{Name: "hang, late", Applies: every, happen: (*exchange).comeLate},
		{Name: "twice", Applies: every, happen: func(x *exchange) { x.forward(); x.respond(x.forward()) }},
		{Name: "response cut", Applies: every, happen: func(x *exchange) { x.cut(x.forward()) }},

		{Name: "500 before", Applies: every, happen: instead(func() *reply { return refusal(500, "InternalError") })},
		{Name: "500 after", Applies: every, happen: func(x *exchange) { x.forward(); x.respond(refusal(500, "InternalError")) }},
		{Name: "503", Applies: every, happen: instead(func() *reply { return refusal(503, "ServiceUnavailable") })},
		{Name: "token expired", Applies: every, happen: instead(func() *reply { return refusal(403, "SecurityTokenExpired") })},
		{Name: "key unknown", Applies: every, happen: instead(func() *reply { return refusal(403, "InvalidAccessKeyId") })},

		{Name: "gateway's 502", Applies: every, happen: instead(func() *reply { return page(502, html, "<html><body>Bad Gateway</body></html>") })},
		{Name: "gateway's 404", Applies: every, happen: instead(func() *reply { return page(404, html, "<html><body>Not Found</body></html>") })},
		{Name: "gateway's 200", Applies: every, happen: instead(func() *reply { return page(200, html, "<html><body>Please log in</body></html>") })},
		{Name: "empty 200", Applies: every, happen: instead(func() *reply { return page(200, html, "") })},
		{Name: "empty 204", Applies: every, happen: instead(func() *reply { return page(204, html, "") })},

		{Name: "wrong checksum", Applies: isObject, happen: changed(func(r *reply) { r.header.Set("X-Oss-Hash-Crc64ecma", "1") })},
		{Name: "body damaged", Applies: isPut, happen: func(x *exchange) { flip(x.body); x.respond(x.forward()) }},
		{Name: "slice damaged", Final: true, Applies: isRead, happen: changed(func(r *reply) { flip(r.body.Bytes()) })},
		{Name: "whole object", Applies: isRead, happen: func(x *exchange) { x.request.Header.Del("Range"); x.respond(x.forward()) }},
		{Name: "slice short", Applies: isRead, happen: changed(func(r *reply) { slice(r, 0, -1, 0) })},
		{Name: "object short", Final: true, Applies: isRead, happen: changed(func(r *reply) { slice(r, 0, -1, -1) })},
		{Name: "another slice", Applies: isRead, happen: changed(func(r *reply) { slice(r, 1, 1, 1) })},
	}
}

func every(*http.Request) bool { return true }

func isObject(r *http.Request) bool { return isPut(r) || isRead(r) }

func isPut(r *http.Request) bool { return r.Method == http.MethodPut && r.ContentLength > 0 }

func isRead(r *http.Request) bool { return r.Header.Get("Range") != "" }

// flip flips one bit in the middle of the body.
func flip(body []byte) {
	if len(body) > 0 {
		body[len(body)/2] ^= 1
	}
}

// slice falsifies a range response. It adds its arguments to the first position, the last position
// and the object size in the Content-Range header, and cuts the body to the length of the new
// range. But a negative size is added to the end of the original range, so that the object seems to
// end within the range.
func slice(r *reply, first, last, size int64) {
	var from, to, of int64
	if _, err := fmt.Sscanf(r.header.Get("Content-Range"), "bytes %d-%d/%d", &from, &to, &of); err != nil {
		return // not a range response
	}
	if size < 0 {
		of = to + 1
	}
	from, to, of = from+first, to+last, of+size
	r.header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to, of))
	r.body.Truncate(int(to - from + 1))
	r.announce(r.body.Len())
}
