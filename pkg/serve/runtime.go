package serve

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/aliyun/fc-runtime-go-sdk/fc"
	"github.com/aliyun/fc-runtime-go-sdk/fccontext"
)

// MaxBody is the maximum length in bytes of a request body that reaches a handler. It is Function
// Compute's limit for synchronous calls.
const MaxBody = 32 << 20

// responseMargin is the maximum time to reserve at the end of an invocation for sending the
// response. Without this reserve, the platform could end the process before the response is sent.
// The reserve is at most a tenth of the remaining time.
const responseMargin = 500 * time.Millisecond

// runtimeFront receives invocations from Function Compute's runtime API.
type runtimeFront struct{ life *lifecycle }

// serveRuntime polls for work until the platform ends the process.
func serveRuntime(f Function) {
	front := runtimeFront{&lifecycle{function: f}}
	fc.RegisterPreStopFunction(func(ctx context.Context) {
		if err := front.life.stop(front.enter(ctx)); err != nil {
			panic(err.Error()) // a hook returns nothing, so only a panic can report the failure
		}
	})
	fc.Start(front.invoke)
}

// enter passes the invocation's credentials to the function, and returns a context with the
// invocation's id.
func (front runtimeFront) enter(ctx context.Context) context.Context {
	// FromContext must be called only once per invocation, because each call modifies the shared
	// value that it returns.
	invocation, ok := fccontext.FromContext(ctx)
	if !ok {
		return ctx
	}
	keys := invocation.Credentials
	front.life.credentials(keys.AccessKeyId, keys.AccessKeySecret, keys.SecurityToken)
	return withRequestID(ctx, invocation.RequestID)
}

// invoke handles one invocation. The type of payload must be exactly []byte; otherwise the SDK
// would decode the payload as JSON.
func (front runtimeFront) invoke(ctx context.Context, payload []byte) (any, error) {
	ctx, cancel := withMargin(front.enter(ctx))
	defer cancel()
	if isHTTPEvent(payload) {
		return front.http(ctx, payload).runtimeResponse(), nil
	}
	return nil, front.life.event(ctx, payload)
}

func (front runtimeFront) http(ctx context.Context, payload []byte) *response {
	r, err := httpRequest(ctx, payload)
	if err != nil {
		slog.WarnContext(ctx, "unusable HTTP event", "error", err.Error())
		return respond(http.HandlerFunc(undecodable), new(http.Request).WithContext(ctx), nil)
	}
	return respond(front.life.function.health.before(front.life.handler()), r, nil)
}

func undecodable(w http.ResponseWriter, _ *http.Request) {
	Fail(w, http.StatusBadRequest, "InvalidRequest", "the request cannot be decoded")
}

// withMargin returns a context that ends early enough to leave time for sending a response.
func withMargin(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-marginOf(time.Until(deadline))))
}

// marginOf returns the part of a time limit to reserve for sending the response.
func marginOf(limit time.Duration) time.Duration { return min(responseMargin, limit/10) }
