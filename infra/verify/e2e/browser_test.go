package e2e

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/fetch"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// findChromium is the browser, as `make browser` sees to it.
func findChromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	require.FailNow(t, "no browser is installed: make browser")
	return ""
}

// startChromium starts a browser on a profile of its own that asks nothing of the
// network by itself. Its zone is not UTC, so that the two differ.
func startChromium(t *testing.T) context.Context {
	t.Helper()
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(findChromium(t)), chromedp.UserDataDir(profileFolder(t)), chromedp.NoSandbox, chromedp.WSURLReadTimeout(patience),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Env("TZ=Europe/Berlin", "LANGUAGE=en"))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, _ = chromedp.NewContext(ctx)
	t.Cleanup(func() { _ = chromedp.Cancel(ctx) }) // closes it, and waits until it has ended
	require.NoError(t, chromedp.Run(ctx))          // starts it
	return ctx
}

// profileFolder is removed once the last process of the browser writes there no more,
// which may be a moment after the browser ended.
func profileFolder(t *testing.T) string {
	dir, err := os.MkdirTemp("", "device-trace-chromium-")
	require.NoError(t, err)
	t.Cleanup(func() { require.Eventually(t, func() bool { return os.RemoveAll(dir) == nil }, patience, pollEvery) })
	return dir
}

// tab is a page in a browser profile of its own, and what it did that it should not.
type tab struct {
	t         *testing.T
	ctx       context.Context
	stack     *stack
	downloads string

	mu      sync.Mutex
	loaded  chan string // the id of a file that arrived
	faults  []string
	pardons []string
}

// device is what a tab pretends to be. Zero is a desktop that speaks English.
type device struct {
	width, height int64
	mobile        bool
	languages     string
	dark          bool
}

func openTab(t *testing.T, chromium context.Context, s *stack, d device) *tab {
	t.Helper()
	profile, id := newWindow(t, chromium)
	ctx, cancel := chromedp.NewContext(chromium, chromedp.WithTargetID(id))
	t.Cleanup(cancel)
	require.NoError(t, chromedp.Run(ctx)) // attaches to it for as long as ctx lives
	b := &tab{t: t, ctx: ctx, stack: s, downloads: t.TempDir(), loaded: make(chan string, 16)}
	chromedp.ListenTarget(ctx, b.watch)
	b.pretend(d)
	b.run(browser.SetDownloadBehavior(browser.SetDownloadBehaviorBehaviorAllowAndName).
		WithBrowserContextID(profile).WithDownloadPath(b.downloads).WithEventsEnabled(true))
	t.Cleanup(b.requireNoFault)
	return b
}

// newWindow opens a window of a profile of its own.
func newWindow(t *testing.T, chromium context.Context) (cdp.BrowserContextID, target.ID) {
	t.Helper()
	ctx := cdp.WithExecutor(chromium, chromedp.FromContext(chromium).Browser)
	profile, err := target.CreateBrowserContext().WithDisposeOnDetach(true).Do(ctx)
	require.NoError(t, err)
	id, err := target.CreateTarget("about:blank").WithBrowserContextID(profile).WithNewWindow(true).Do(ctx)
	require.NoError(t, err)
	return profile, id
}

func (b *tab) pretend(d device) {
	b.t.Helper()
	if d.width == 0 {
		d.width, d.height = 1280, 900
	}
	scheme := "light"
	if d.dark {
		scheme = "dark"
	}
	if d.languages == "" {
		d.languages = "en-GB"
	}
	b.run(
		emulation.SetDeviceMetricsOverride(d.width, d.height, 1, d.mobile),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
		emulation.SetUserAgentOverride("e2e").WithAcceptLanguage(d.languages),
	)
}

// watch notes what no page of ours may do: report an error, open a dialog of the
// browser, ask another host.
func (b *tab) watch(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.fault("exception: " + e.ExceptionDetails.Error())
	case *runtime.EventConsoleAPICalled:
		b.fault(fmt.Sprintf("console: %s %v", e.Type, e.Args))
	case *cdplog.EventEntryAdded:
		b.fault("log: " + e.Entry.Text + " " + e.Entry.URL)
	case *page.EventJavascriptDialogOpening:
		b.fault("dialog: " + e.Message)
	case *network.EventRequestWillBeSent:
		if scheme, _, _ := strings.Cut(e.Request.URL, ":"); scheme != "data" && scheme != "blob" && !strings.HasPrefix(e.Request.URL, b.stack.url("/")) {
			b.fault("request: " + e.Request.URL)
		}
	case *browser.EventDownloadProgress:
		if e.State == browser.DownloadProgressStateCompleted {
			b.loaded <- e.GUID
		}
	}
}

func (b *tab) fault(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults = append(b.faults, text)
}

// pardon expects faults that hold a text, such as an answer that is meant to be 401.
func (b *tab) pardon(text string) { b.pardons = append(b.pardons, text) }

func (b *tab) requireNoFault() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, fault := range b.faults {
		pardoned := slices.ContainsFunc(b.pardons, func(text string) bool { return strings.Contains(fault, text) })
		require.True(b.t, pardoned, fault)
	}
}

func (b *tab) run(actions ...chromedp.Action) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	require.NoError(b.t, chromedp.Run(ctx, actions...))
}

// open goes to a path of the page. The token stands behind it, as in a link.
func (b *tab) open(path string) {
	b.t.Helper()
	b.openAs(path, queryToken)
}

func (b *tab) openAs(path, token string) {
	b.t.Helper()
	b.run(chromedp.Navigate(b.stack.url(path + "#token=" + token)))
}

// get evaluates an expression in the page.
func get[T any](b *tab, expression string) (value T) {
	b.t.Helper()
	b.run(chromedp.Evaluate(expression, &value))
	return value
}

// settled: no answer is on its way, and the timeline, which is drawn once its width is
// known, is there.
const settled = `document.querySelector('#results')?.getAttribute('aria-busy') !== 'true' && !document.querySelector('.timeline-frame:empty')`

// await looks until an expression is true of a page that has settled.
func (b *tab) await(expression string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		var ok bool
		// It may fail while the page goes from one address to another.
		err := chromedp.Run(ctx, chromedp.Evaluate(settled+" && Boolean("+expression+")", &ok))
		if err == nil && ok {
			return
		}
		select {
		case <-ctx.Done():
			b.shot("failed")
			require.FailNow(b.t, "it does not become true", "%s\n%v", expression, err)
		case <-ticker.C:
		}
	}
}

// results waits for an answer to be shown, whatever it says.
func (b *tab) results() {
	b.t.Helper()
	b.await(`document.querySelector('#results .results, #results > .notice')`)
}

func (b *tab) click(selector string) {
	b.t.Helper()
	b.await(fmt.Sprintf("document.querySelector(%s)", quoted(selector)))
	b.run(chromedp.ScrollIntoView(selector, chromedp.ByQuery), chromedp.Click(selector, chromedp.ByQuery))
}

// fill types a text over what a field holds.
func (b *tab) fill(selector, value string) {
	b.t.Helper()
	b.run(chromedp.Focus(selector, chromedp.ByQuery), chromedp.Evaluate("document.activeElement.select()", nil), chromedp.KeyEvent(value))
}

// text is what an element shows, its white space made one.
func (b *tab) text(selector string) string {
	b.t.Helper()
	return strings.Join(strings.Fields(get[string](b, fmt.Sprintf("document.querySelector(%s)?.innerText ?? ''", quoted(selector)))), " ")
}

func (b *tab) texts(selector string) []string {
	b.t.Helper()
	return get[[]string](b, fmt.Sprintf("[...document.querySelectorAll(%s)].map((one) => (one.innerText ?? one.textContent).trim())", quoted(selector)))
}

func (b *tab) count(selector string) int {
	b.t.Helper()
	return get[int](b, fmt.Sprintf("document.querySelectorAll(%s).length", quoted(selector)))
}

// address is where the page is, path and all that follows.
func (b *tab) address() string {
	b.t.Helper()
	return get[string](b, "location.href.slice(location.origin.length)")
}

// requireFits checks that nothing makes the whole page scroll sideways.
func (b *tab) requireFits() {
	b.t.Helper()
	require.LessOrEqual(b.t, get[int](b, "document.documentElement.scrollWidth"), get[int](b, "innerWidth"))
}

// download clicks and reads the file that comes of it.
func (b *tab) download(selector string) string {
	b.t.Helper()
	b.click(selector)
	select {
	case id := <-b.loaded:
		return readFile(b.t, filepath.Join(b.downloads, id))
	case <-time.After(patience):
		require.FailNow(b.t, "no file arrives", selector)
		return ""
	}
}

// intercept answers what the page asks the API, until stop is called.
func (b *tab) intercept(answer func(e *fetch.EventRequestPaused) chromedp.Action) (stop func()) {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.ctx)
	chromedp.ListenTarget(ctx, func(event any) {
		if e, paused := event.(*fetch.EventRequestPaused); paused {
			go chromedp.Run(ctx, answer(e)) // a listener must not wait
		}
	})
	b.run(fetch.Enable().WithPatterns([]*fetch.RequestPattern{{URLPattern: "*/api/v1/*"}}))
	return func() {
		b.t.Helper()
		b.run(fetch.Disable())
		cancel()
	}
}

// answer is intercept of one path alone. The rest goes on to the API.
func (b *tab) answer(path string, status int64, body []byte) (stop func()) {
	b.t.Helper()
	return b.intercept(func(e *fetch.EventRequestPaused) chromedp.Action {
		if strings.Contains(e.Request.URL, path) {
			return fulfil(e, status, body)
		}
		return fetch.ContinueRequest(e.RequestID)
	})
}

func fulfil(e *fetch.EventRequestPaused, status int64, body []byte) chromedp.Action {
	return fetch.FulfillRequest(e.RequestID, status).WithBody(base64.StdEncoding.EncodeToString(body))
}

// shot keeps a picture of the page, for people to look at.
func (b *tab) shot(name string) {
	b.t.Helper()
	dir := os.Getenv("E2E_ARTEFACTS")
	if dir == "" {
		dir = ".artefacts"
	}
	require.NoError(b.t, os.MkdirAll(dir, 0o755))
	var picture []byte
	b.run(chromedp.CaptureScreenshot(&picture))
	require.NoError(b.t, os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644))
}

// quoted is a text as JavaScript writes it.
func quoted(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err) // a text has a JSON form
	}
	return string(b)
}
