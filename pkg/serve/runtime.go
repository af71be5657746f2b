package serve

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/aliyun/fc-runtime-go-sdk/fc"
	"github.com/aliyun/fc-runtime-go-sdk/fccontext"
)

// MaxBody is the longest request body that reaches a handler, in bytes: what
// Function Compute takes in a synchronous call.
const MaxBody = 32 << 20

// replyMargin is kept back of an invocation's time for sending the answer, since
// the platform ends a process that is late; a tenth of the time where that is less.
const replyMargin = 500 * time.Millisecond

// runtimeFront takes invocations from Function Compute's runtime API.
type runtimeFront struct{ life *life }

// serveRuntime polls for work for ever. The platform ends the process.
func serveRuntime(f Function) {
	front := runtimeFront{&life{function: f}}
	fc.RegisterPreStopFunction(func(ctx context.Context) {
		if err := front.life.stop(front.enter(ctx)); err != nil {
			panic(err.Error()) // a hook returns nothing, so only a panic makes it fail
		}
	})
	fc.Start(front.invoke)
}

// enter takes over what came with an invocation: its credentials and its id.
func (front runtimeFront) enter(ctx context.Context) context.Context {
	invocation, ok := fccontext.FromContext(ctx) // once an invocation: it writes to what it returns
	if !ok {
		return ctx
	}
	keys := invocation.Credentials
	front.life.credentials(keys.AccessKeyId, keys.AccessKeySecret, keys.SecurityToken)
	return withRequestID(ctx, invocation.RequestID)
}

// invoke handles one invocation. The SDK hands over the payload as it came, since
// its type is exactly []byte.
func (front runtimeFront) invoke(ctx context.Context, payload []byte) (any, error) {
	ctx, cancel := withMargin(front.enter(ctx))
	defer cancel()
	if isHTTPEvent(payload) {
		return front.http(ctx, payload).reply(), nil
	}
	return nil, front.event(ctx, payload)
}

func (front runtimeFront) event(ctx context.Context, payload []byte) error {
	if err := front.life.start(ctx); err != nil {
		return err
	}
	if front.life.function.Event == nil {
		return errors.New("this function answers HTTP requests only")
	}
	return front.life.function.Event(ctx, payload)
}

func (front runtimeFront) http(ctx context.Context, payload []byte) *answer {
	r, err := httpRequest(ctx, payload)
	if err != nil {
		slog.WarnContext(ctx, "unusable HTTP event", "error", err.Error())
		a := newAnswer()
		Fail(a, http.StatusBadRequest, "InvalidRequest", "the request cannot be decoded")
		return a
	}
	return respond(front.life.handler(), r)
}

// withMargin ends ctx early enough to answer in time.
func withMargin(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	margin := min(replyMargin, time.Until(deadline)/10)
	return context.WithDeadline(ctx, deadline.Add(-margin))
}
