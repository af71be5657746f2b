package fc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"

	sdk "github.com/aliyun/fc-runtime-go-sdk/fc"
	"github.com/aliyun/fc-runtime-go-sdk/fccontext"
)

// instruction is the payload of a call. It says what the function must do.
type instruction struct {
	Do        string `json:"do"`
	URL       string `json:"url"`
	Megabytes int    `json:"megabytes"`
	// RawPath and Body are set in HTTP events.
	RawPath string `json:"rawPath"`
	Body    string `json:"body"`
}

// beFunction makes this process act as the function that the tests host.
func beFunction() {
	if os.Getenv("BROKEN") != "" {
		fmt.Fprintln(os.Stderr, "BROKEN is set")
		os.Exit(3)
	}
	sdk.RegisterPreStopFunction(func(context.Context) { note("preStop") })
	sdk.Start(handle)
}

// note appends a line to the journal.
func note(line string) {
	journal, err := os.OpenFile(os.Getenv("JOURNAL"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return
	}
	defer journal.Close()
	fmt.Fprintln(journal, line)
}

func handle(ctx context.Context, payload []byte) (any, error) {
	note("invoke")
	var o instruction
	if err := json.Unmarshal(payload, &o); err != nil {
		return nil, err
	}
	if o.RawPath != "" {
		return respond(o, payload), nil
	}
	return obey(ctx, o)
}

func obey(ctx context.Context, o instruction) (any, error) {
	switch o.Do {
	case "fail":
		return nil, errors.New("as ordered")
	case "panic":
		panic("as ordered")
	case "exit":
		fmt.Fprintln(os.Stderr, "going away")
		os.Exit(7)
	case "get":
		response, err := http.Get(o.URL)
		if err != nil {
			return nil, err
		}
		defer response.Body.Close()
		io.Copy(io.Discard, response.Body)
	case "use memory":
		return os.Getpid(), useMemory(o)
	case "large":
		return strings.Repeat("x", 7<<20), nil
	case "context":
		deadline, _ := ctx.Deadline()
		invocation, _ := fccontext.FromContext(ctx)
		return map[string]any{"context": invocation, "deadline": deadline.UnixMilli(), "environ": os.Environ()}, nil
	}
	return os.Getpid(), nil
}

// useMemory allocates o.Megabytes of memory and writes to each page of it. It then requests o.URL,
// unless that is empty, and frees the memory. It uses mmap, because the Go runtime would keep freed
// memory for a while.
func useMemory(o instruction) error {
	block, err := syscall.Mmap(-1, 0, o.Megabytes<<20, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return err
	}
	for i := 0; i < len(block); i += os.Getpagesize() {
		block[i] = 1
	}
	if o.URL != "" {
		response, err := http.Get(o.URL)
		if err != nil {
			return err
		}
		response.Body.Close()
	}
	return syscall.Munmap(block)
}

// status returns the HTTP status that the environment variable STATUS sets, by default 200.
func status() int {
	if status, err := strconv.Atoi(os.Getenv("STATUS")); err == nil {
		return status
	}
	return 200
}

func respond(o instruction, payload []byte) any {
	switch o.RawPath {
	case "/webhooks/binary":
		return map[string]any{"statusCode": 201, "isBase64Encoded": true, "body": o.Body, "headers": map[string]string{
			"Content-Type": "application/octet-stream", "Server": "mine", "X-Fc-Mine": "x", "X-Mine": "y",
			"Content-Disposition": "attachment; filename=a"}}
	case "/webhooks/bare":
		return map[string]any{"body": "no status"}
	case "/webhooks/header":
		return map[string]any{"statusCode": 200, "headers": map[string]string{"A": strings.Repeat("x", 9000)}}
	case "/webhooks/memory":
		useMemory(instruction{Megabytes: 200})
	case "/webhooks/exit":
		os.Exit(7)
	}
	return map[string]any{"statusCode": status(), "body": string(payload), "headers": map[string]string{}}
}
