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

// findChromium returns the path of an installed browser. `make browser` installs one.
func findChromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	require.FailNow(t, "no browser is installed: run make browser")
	return ""
}

// startChromium starts a browser with its own profile and without background requests. The
// browser's time zone differs from UTC, so that tests can distinguish local time from UTC.
func startChromium(t *testing.T) context.Context {
	t.Helper()
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(findChromium(t)), chromedp.UserDataDir(profileFolder(t)), chromedp.NoSandbox, chromedp.WSURLReadTimeout(patience),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Env("TZ=Europe/Berlin", "LANGUAGE=en"))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, _ = chromedp.NewContext(ctx)
	t.Cleanup(func() { _ = chromedp.Cancel(ctx) }) // closes the browser and waits for it to exit
	require.NoError(t, chromedp.Run(ctx))          // starts the browser
	return ctx
}

// profileFolder creates a folder and removes it after the test. The removal is retried, because
// child processes of the browser can outlive it for a moment and may still be writing to the
// folder.
func profileFolder(t *testing.T) string {
	dir, err := os.MkdirTemp("", "device-trace-chromium-")
	require.NoError(t, err)
	t.Cleanup(func() { require.Eventually(t, func() bool { return os.RemoveAll(dir) == nil }, patience, pollEvery) })
	return dir
}

// tab is a browser tab with its own profile. The test fails if the watch method records a violation
// that the allow method has not permitted.
type tab struct {
	t         *testing.T
	ctx       context.Context
	stack     *stack
	downloads string
	files     chan string // ids of completed downloads
	allowed   []string

	mu         sync.Mutex
	violations []string
	fileNames  []string // the names that the browser gave to downloads
}

// viewer holds the settings that a tab emulates. The zero value is an English-language desktop
// browser with light colors.
type viewer struct {
	width, height int64
	mobile        bool
	languages     string
	dark          bool
}

func openTab(t *testing.T, chromium context.Context, s *stack, v viewer) *tab {
	t.Helper()
	profile, id := newWindow(t, chromium)
	ctx, cancel := chromedp.NewContext(chromium, chromedp.WithTargetID(id))
	t.Cleanup(cancel)
	require.NoError(t, chromedp.Run(ctx)) // attaches to the tab until ctx is canceled
	b := &tab{t: t, ctx: ctx, stack: s, downloads: t.TempDir(), files: make(chan string, 16)}
	chromedp.ListenTarget(ctx, b.watch)
	b.emulate(v)
	b.run(browser.SetDownloadBehavior(browser.SetDownloadBehaviorBehaviorAllowAndName).
		WithBrowserContextID(profile).WithDownloadPath(b.downloads).WithEventsEnabled(true))
	t.Cleanup(b.requireNoViolation)
	return b
}

// newWindow opens a window with a new profile.
func newWindow(t *testing.T, chromium context.Context) (cdp.BrowserContextID, target.ID) {
	t.Helper()
	ctx := cdp.WithExecutor(chromium, chromedp.FromContext(chromium).Browser)
	profile, err := target.CreateBrowserContext().WithDisposeOnDetach(true).Do(ctx)
	require.NoError(t, err)
	id, err := target.CreateTarget("about:blank").WithBrowserContextID(profile).WithNewWindow(true).Do(ctx)
	require.NoError(t, err)
	return profile, id
}

func (b *tab) emulate(v viewer) {
	b.t.Helper()
	if v.width == 0 {
		v.width, v.height = 1280, 900
	}
	scheme := "light"
	if v.dark {
		scheme = "dark"
	}
	if v.languages == "" {
		v.languages = "en-GB"
	}
	b.run(
		emulation.SetDeviceMetricsOverride(v.width, v.height, 1, v.mobile),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
		emulation.SetUserAgentOverride("e2e").WithAcceptLanguage(v.languages),
	)
}

// watch handles an event from the tab. It records a violation in each of these cases:
//   - The page throws an exception.
//   - The page or the browser writes to the console.
//   - The page opens a dialog.
//   - The page sends a request to another host.
//
// When a download is complete, watch sends the download's id to b.files.
func (b *tab) watch(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.violate("exception: " + e.ExceptionDetails.Error())
	case *runtime.EventConsoleAPICalled:
		b.violate(fmt.Sprintf("console: %s %v", e.Type, e.Args))
	case *cdplog.EventEntryAdded:
		b.violate("log: " + e.Entry.Text + " " + e.Entry.URL)
	case *page.EventJavascriptDialogOpening:
		b.violate("dialog: " + e.Message)
	case *network.EventRequestWillBeSent:
		if scheme, _, _ := strings.Cut(e.Request.URL, ":"); scheme != "data" && scheme != "blob" && !strings.HasPrefix(e.Request.URL, b.stack.url("/")) {
			b.violate("request: " + e.Request.URL)
		}
	case *browser.EventDownloadWillBegin:
		b.mu.Lock()
		defer b.mu.Unlock()
		b.fileNames = append(b.fileNames, e.SuggestedFilename)
	case *browser.EventDownloadProgress:
		if e.State == browser.DownloadProgressStateCompleted {
			b.files <- e.GUID
		}
	}
}

func (b *tab) violate(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.violations = append(b.violations, text)
}

// allow permits violations whose description contains the given text. For example, a test that
// expects a response with status 401 calls allow("401").
func (b *tab) allow(text string) { b.allowed = append(b.allowed, text) }

func (b *tab) requireNoViolation() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, violation := range b.violations {
		allowed := slices.ContainsFunc(b.allowed, func(text string) bool { return strings.Contains(violation, text) })
		require.True(b.t, allowed, violation)
	}
}

func (b *tab) run(actions ...chromedp.Action) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	require.NoError(b.t, chromedp.Run(ctx, actions...))
}

// open navigates to a path of the page, with the query token in the URL's fragment.
func (b *tab) open(path string) {
	b.t.Helper()
	b.openAs(path, queryToken)
}

func (b *tab) openAs(path, token string) {
	b.t.Helper()
	b.run(chromedp.Navigate(b.stack.url(path + "#token=" + token)))
}

// eval evaluates an expression in the page.
func eval[T any](b *tab, expression string) (value T) {
	b.t.Helper()
	b.run(chromedp.Evaluate(expression, &value))
	return value
}

// isSettled is a JavaScript expression that is true once the page has finished drawing. The page
// has then received all responses, including those that it requests after the results, and has
// drawn the timeline. The responses alone are not enough, because the page draws the timeline only
// after it has measured the available width.
const isSettled = `document.querySelector('#results')?.getAttribute('aria-busy') !== 'true' && !document.querySelector('.timeline-frame:empty, #results [aria-busy=true], .looking')`

// await waits until the page is settled and a JavaScript expression is true.
func (b *tab) await(expression string) {
	b.t.Helper()
	b.awaitEarly(isSettled + " && Boolean(" + expression + ")")
}

// awaitEarly waits until a JavaScript expression is true, even if the page is not settled yet.
func (b *tab) awaitEarly(expression string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		var ok bool
		// Evaluate fails while the page is navigating.
		err := chromedp.Run(ctx, chromedp.Evaluate("Boolean("+expression+")", &ok))
		if err == nil && ok {
			return
		}
		select {
		case <-ctx.Done():
			b.screenshot("failed")
			require.FailNow(b.t, "expression did not become true", "%s\n%v", expression, err)
		case <-ticker.C:
		}
	}
}

// results waits until the page shows results or a notice.
func (b *tab) results() {
	b.t.Helper()
	b.await(`document.querySelector('#results .results, #results > .notice')`)
}

func (b *tab) click(selector string) {
	b.t.Helper()
	b.await(fmt.Sprintf("document.querySelector(%s)", quoted(selector)))
	b.run(chromedp.ScrollIntoView(selector, chromedp.ByQuery), chromedp.Click(selector, chromedp.ByQuery))
}

// fill replaces the content of a field by typing a value.
func (b *tab) fill(selector, value string) {
	b.t.Helper()
	b.run(chromedp.Focus(selector, chromedp.ByQuery), chromedp.Evaluate("document.activeElement.select()", nil), chromedp.KeyEvent(value))
}

// text returns the visible text of an element, with each run of white space replaced by one space.
func (b *tab) text(selector string) string {
	b.t.Helper()
	return strings.Join(strings.Fields(eval[string](b, fmt.Sprintf("document.querySelector(%s)?.innerText ?? ''", quoted(selector)))), " ")
}

func (b *tab) texts(selector string) []string {
	b.t.Helper()
	return eval[[]string](b, fmt.Sprintf("[...document.querySelectorAll(%s)].map((one) => (one.innerText ?? one.textContent).trim())", quoted(selector)))
}

func (b *tab) count(selector string) int {
	b.t.Helper()
	return eval[int](b, fmt.Sprintf("document.querySelectorAll(%s).length", quoted(selector)))
}

// address returns the page's URL without the origin.
func (b *tab) address() string {
	b.t.Helper()
	return eval[string](b, "location.href.slice(location.origin.length)")
}

// requireFits checks that the page does not scroll horizontally.
func (b *tab) requireFits() {
	b.t.Helper()
	require.LessOrEqual(b.t, eval[int](b, "document.documentElement.scrollWidth"), eval[int](b, "innerWidth"))
}

// download clicks an element and returns the content of the file that the browser then saves.
func (b *tab) download(selector string) string {
	b.t.Helper()
	b.click(selector)
	return b.nextFile()
}

// nextFile waits for a download and returns the content of its file.
func (b *tab) nextFile() string {
	b.t.Helper()
	select {
	case id := <-b.files:
		return readFile(b.t, filepath.Join(b.downloads, id))
	case <-time.After(patience):
		require.FailNow(b.t, "no file was downloaded")
		return ""
	}
}

// copied clicks an element and returns the text that the page then copies to the clipboard.
func (b *tab) copied(selector string) string {
	b.t.Helper()
	b.run(chromedp.Evaluate(`window.copied = ''; navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); }`, nil))
	b.click(selector)
	b.await(`window.copied`)
	return eval[string](b, "window.copied")
}

// intercept pauses each API request that the page sends and passes it to handle. It then runs the
// action that handle returns, which decides what happens to the request. Interception ends when
// stop is called.
func (b *tab) intercept(handle func(e *fetch.EventRequestPaused) chromedp.Action) (stop func()) {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.ctx)
	chromedp.ListenTarget(ctx, func(event any) {
		if e, paused := event.(*fetch.EventRequestPaused); paused {
			go chromedp.Run(ctx, handle(e)) // a listener must not block
		}
	})
	b.run(fetch.Enable().WithPatterns([]*fetch.RequestPattern{{URLPattern: "*/api/v1/*"}}))
	return func() {
		b.t.Helper()
		b.run(fetch.Disable())
		cancel()
	}
}

// respond gives the same response to every API request whose URL contains path, until stop is
// called. All other requests reach the API.
func (b *tab) respond(path string, status int64, body []byte) (stop func()) {
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

// screenshot saves a picture of the part of the page that is on the screen, for people to look at.
func (b *tab) screenshot(name string) {
	b.t.Helper()
	var picture []byte
	b.run(chromedp.CaptureScreenshot(&picture))
	b.keep(name, picture)
}

// wholeScreenshot saves a picture of the whole page.
func (b *tab) wholeScreenshot(name string) {
	b.t.Helper()
	var picture []byte
	b.run(chromedp.FullScreenshot(&picture, 100))
	b.keep(name, picture)
}

func (b *tab) keep(name string, picture []byte) {
	b.t.Helper()
	dir := os.Getenv("E2E_ARTEFACTS")
	if dir == "" {
		dir = ".artifacts"
	}
	require.NoError(b.t, os.MkdirAll(dir, 0o755))
	require.NoError(b.t, os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644))
}

// quoted returns text as a JavaScript string literal.
func quoted(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err) // every string can be encoded
	}
	return string(b)
}
