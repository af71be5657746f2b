// The view of one device. It shows the results for the page's URL, and the viewer's actions change
// the URL.

import { isComplete, pathOf, readQuery } from './address.js';
import { APIError } from './api.js';
import { plain } from './datum.js';
import { askForToken } from './dialog.js';
import { byId, el } from './dom.js';
import { fetchAll, save } from './download.js';
import { Days, month, week } from './days.js';
import { fetchLatestView, fetchView, fetchWholeReport } from './fetchview.js';
import { fleetPath } from './fleetaddress.js';
import { fillForm, fold, offerInstances, refreshForm, refuse, setUpForm } from './form.js';
import { fetchInstances, onlyInstance } from './instances.js';
import { keepFocus, keepState } from './keep.js';
import { follow, leadTo } from './links.js';
import { announce, narrate } from './live.js';
import { absentTitle, failureNotice, longNotice, welcome } from './notices.js';
import { recentInstances, rememberInstance, setPreference } from './preferences.js';
import { reportFile } from './report.js';
import { results } from './results.js';
import { checkSpan, lastDayOf, moved, spanOf, utcDay, wider } from './span.js';
import { strip } from './strip.js';
import { number, text } from './text.js';
import { day, hour, utcDayOf } from './time.js';
import { token } from './token.js';

let view = null; // the view that the page shows, or null
let shown = null; // the results of the view on the page; see results
let query = null; // the last query, whose results may not have arrived yet
let abort = new AbortController(); // aborts the requests for the last query

// go changes the query, adds the new URL to the history and shows the results. choice is the range
// that the user chose in the form, { range, date }. If choice is null, the form shows the span of
// the query.
function go(change, choice = null) {
  const next = { ...(query ?? readQuery()), connection: '', ...change };
  history.pushState(choice, '', pathOf(next));
  showURL();
}

// showURL shows the results for the current URL. It does not fetch known results again; see
// knownFor.
async function showURL(known = null) {
  const next = readQuery();
  if (!isComplete(next)) {
    showWelcome(next);
    return;
  }
  const checked = next.fault ?? checkSpan(next.from, next.to, Date.now());
  if (checked.fault) {
    refuseURL(next, checked);
    return;
  }
  adopt(next);
  await load(known);
}

// adopt makes a query the current one, and updates the form and the URL to match.
function adopt(next) {
  query = next;
  fillForm(query, history.state);
  history.replaceState(history.state, '', pathOf(query));
  leadTo('device', pathOf(query));
  leadTo('fleet', fleetPath({ instance: query.instance, day: utcDayOf(Math.min(query.to, Date.now())) }));
}

// knownFor returns the results on the page that are also correct for the given query, or null if
// there are none.
function knownFor(next) {
  const isSameSpan = view && ['instance', 'client', 'from', 'to'].every((name) => view.query[name] === next[name]);
  if (!isSameSpan) return null;
  const { report, days, status, scope, near } = view;
  return { report, days, scope, near, status: view.query.at === next.at ? status : null };
}

// refine changes a part of the query that does not affect the span, such as the filter of the
// events.
function refine(change) {
  const next = { ...query, ...change };
  history.pushState(history.state, '', pathOf(next));
  showURL(knownFor(next));
}

// followHistory handles Back and Forward. It does nothing if only the fragment changed.
function followHistory() {
  if (query && pathOf(query) === location.pathname + location.search) return;
  showURL(knownFor(readQuery()));
}

function showWelcome(next) {
  abort.abort();
  setBusy(false);
  [view, query] = [null, null];
  const now = Date.now();
  fold(false);
  fillForm({ ...next, instance: next.instance || recentInstances()[0] || '', from: now - hour, to: now }, { range: 'hour' });
  byId('results').replaceChildren(welcome());
  document.title = text('title');
  byId(byId('instance').value ? 'device' : 'instance').focus();
}

// listInstances requests the instances from the API and offers them in the form. If there is
// exactly one instance, and the user is about to enter the first query, listInstances fills the
// instance in. If the field has the focus, listInstances also selects the text, so that typing
// replaces it.
async function listInstances() {
  await fetchInstances();
  const field = byId('instance');
  if (!query && !field.value && onlyInstance()) {
    field.value = onlyInstance();
    if (document.activeElement === field) field.select();
  }
  offerInstances();
}

// refuseURL shows the form with a message that says what is wrong with the URL. If only the span is
// too long, refuseURL also offers the end of the span and shows the days of the span.
function refuseURL(next, fault) {
  showWelcome(next);
  fillForm(next, { range: 'custom' });
  refuse(fault);
  if (fault.fault === 'fault.long') showLongSpan(next);
}

function showLongSpan(next) {
  abort = new AbortController();
  query = next;
  const days = new Days(next, next.to - next.from > week * day ? month : undefined);
  byId('results').replaceChildren(el('div', { class: 'results' },
    longNotice(next, { onLastDay: () => go(lastDayOf(next, Date.now())) }),
    strip(days, daysActions(days))));
  if (token()) loadAlone(days, abort.signal);
}

// loadAlone fetches days that the page shows without other results. If the token is not valid for
// the instance, loadAlone shows that error itself, because the page sends no other request that
// would reveal it.
async function loadAlone(days, signal) {
  await days.load(signal);
  if ([401, 403].includes(days.error?.status)) fail(days.error);
}

// load fetches and shows the results of the query. It does not fetch known results again; see
// knownFor.
async function load(known) {
  abort.abort();
  abort = new AbortController();
  const { signal } = abort;
  setBusy(true);
  try {
    const fetched = known ? await fetchView(query, known, signal) : await fetchLatestView(query, signal);
    if (signal.aborted) return;
    if (fetched.query !== query) adopt(fetched.query);
    fetched.days.adopt(view?.days);
    view = fetched;
    if (!view.isAbsent()) rememberInstance(query.instance);
    complete(view, signal);
    show();
  } catch (error) {
    if (!signal.aborted) fail(error);
  } finally {
    if (!signal.aborted) setBusy(false);
  }
}

// complete fetches the optional parts of the results: the days, the scope of the last drop and, if
// the state at the start of the span is unknown, a report with that state. If the device is unknown,
// complete fetches near misses. The page shows the other results before these parts arrive. complete
// sets two promises in the view: scoped ends with the scope, and whole with all other parts.
function complete(incomplete, signal) {
  const { near, days, scope } = incomplete;
  incomplete.whole = Promise.all([
    incomplete.isUnknownDevice() && !near.found ? near.load(signal) : null,
    incomplete.isAbsent() || days.isComplete() ? null : days.load(signal),
    incomplete.beginsUnknown() ? lookBack(incomplete, signal) : null,
  ]);
  incomplete.scoped = scope.answer ? null : findScope(incomplete, signal);
}

async function findScope(incomplete, signal) {
  await incomplete.askScope(incomplete.scope.asked, signal);
  await incomplete.whole;
  // If the span has no drop, the days may still show when the last one was.
  if (!incomplete.scope.asked && !signal.aborted) await incomplete.askScope(null, signal);
}

async function lookBack(incomplete, signal) {
  incomplete.isLookingBack = true;
  const report = await fetchWholeReport(incomplete, signal).catch(unlessAborted);
  incomplete.isLookingBack = false;
  if (report) incomplete.replace(report);
  if (signal.aborted) return;
  keepState(byId('results'), shown.update);
  if (report) describe();
}

function unlessAborted(error) {
  if (error.name !== 'AbortError') throw error;
  return null;
}

function setBusy(on) {
  byId('results').setAttribute('aria-busy', on);
  byId('query').classList.toggle('busy', on);
}

function fail(error) {
  if (!(error instanceof APIError)) throw error;
  view = null;
  fold(false);
  byId('results').replaceChildren(failureNotice(error, { instance: query.instance, path: pathOf(query) }, { onRetry: () => showURL(), onToken: () => askForToken('token.why') }));
  if (error.status === 401) askForToken(error.code === 'NoToken' ? 'token.why' : 'token.wrong');
}

function show() {
  shown = results(view, { ...actions, ...daysActions(view.days) });
  keepFocus(byId('results'), () => byId('results').replaceChildren(shown.node));
  fold(true);
  if (view.query.connection) shown.pick(view.query.connection);
  refreshForm();
  describe();
}

// describe summarizes the results in the document's title and for screen readers.
function describe() {
  document.title = `${view.name()} · ${text('title')}`;
  const [first] = view.report.verdicts;
  const title = view.isAbsent() ? absentTitle(view) : first?.title ?? text('verdict.none');
  narrate(text('results.narration', { verdict: plain(title, 300), count: number(view.rows.list.length) }));
}

// daysActions returns the callbacks of the strip of days.
const daysActions = (days) => ({
  onDay: (at) => go(utcDay(at)),
  onCount: (count) => days.choose(count, abort.signal),
  onRetry: () => days.load(abort.signal),
});

const actions = {
  onSpan: ({ from, to }) => go({ from: Math.floor(from), to: Math.floor(to) }),
  onMove: (factor) => go(moved(query, factor, Date.now())),
  onWider: () => go(wider(query, Date.now())),
  onInstance: (instance) => go({ instance }),
  onDate: (date) => go(spanOf({ range: 'date', date }, Date.now()), { range: 'date', date }),
  onFilter: (change) => {
    if (change.order) setPreference('order', change.order);
    refine(change);
  },
  onAt: (at) => refine({ at }),
  onPick: (connection) => {
    if (view.query !== query) return; // a newer query has already changed the URL
    view.query.connection = connection;
    history.replaceState(history.state, '', view.path());
  },
  onChoose: (chosen) => {
    if (view.query === query) view.askScope(chosen, abort.signal);
  },
  onScopeRetry: () => view.askScope(view.scope.asked, abort.signal),
  onError: fail,
  onExport: exportAs,
  whileBusy,
};

// whileBusy marks the page as busy while a search for a row is running, and reports any error. If a
// new query aborts the search, the page stays busy until the new query has finished.
async function whileBusy(search) {
  const { signal } = view.rows;
  setBusy(true);
  try {
    if (await search === false) announce(text('table.notShown'));
  } catch (error) {
    if (error.name !== 'AbortError') fail(error);
  } finally {
    if (!signal.aborted) setBusy(false);
  }
}

async function exportAs(format, button) {
  const exported = view;
  button.disabled = true;
  try {
    const { content, incomplete } = await fileOf(exported, format);
    save(exported.query.client, exported.query.from, format, content);
    announce(text(incomplete ? 'export.incomplete' : 'export.done'));
  } catch (error) {
    if (error.name === 'AbortError') return;
    if (error.status === 401) fail(error);
    else announce(text('export.failed', { error: plain(error.message, 200) }));
  } finally {
    button.disabled = false;
  }
}

async function fileOf(exported, format) {
  if (format === 'html') return { content: await reportFile(exported), incomplete: false };
  return fetchAll(exported.query, format, abort.signal, (pages) => announce(text('export.pages', { pages: number(pages) })));
}

// openFinder shows the finder with the text in the form.
function openFinder() {
  follow(fleetPath({ instance: byId('instance').value, day: utcDayOf(Date.now()), text: byId('device').value.trim() }));
  byId('finder-text').focus();
}

// devicePage is the page's view of one device; see pages in app.js.
export const devicePage = {
  form: 'query',
  setUp: () => {
    setUpForm((next, choice) => go({ ...next, at: null, action: '', info: '' }, choice), listInstances);
    byId('find').addEventListener('click', openFinder);
  },
  show: () => showURL(),
  follow: followHistory,
  leave: () => {
    abort.abort();
    [view, shown, query] = [null, null, null];
    setBusy(false);
  },
  listInstances,
  refreshForm,
  changeLanguage: () => {
    if (query) showURL();
    else byId('results').replaceChildren(welcome());
  },
  changeZone: () => {
    if (query) fillForm(query, history.state?.range === 'date' ? null : history.state);
    if (view) show();
  },
};
