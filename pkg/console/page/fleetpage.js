// The view of the fleet. It shows the figures for the page's URL, and the viewer's actions change
// the URL.

import { APIError } from './api.js';
import { DeviceList } from './devicelist.js';
import { askForToken } from './dialog.js';
import { plain } from './datum.js';
import { byId, el } from './dom.js';
import { save } from './download.js';
import { finderResults } from './finder.js';
import { fetchFleet } from './fleet.js';
import { fleetPath, readFleetQuery, wholeMinute } from './fleetaddress.js';
import { fillFleetForm, setUpFleetForm, showFault } from './fleetform.js';
import { fleetResults } from './fleetresults.js';
import { canZoomIn, faultOf, isToday, movedBy, zoomedIn, zoomedOut, zoomedTo } from './fleetspan.js';
import { offerInstances } from './form.js';
import { fetchInstances, onlyInstance } from './instances.js';
import { keepFocus } from './keep.js';
import { leadTo } from './links.js';
import { announce, narrate } from './live.js';
import { failureNotice, fleetWelcome } from './notices.js';
import { recentInstances, rememberInstance } from './preferences.js';
import { Scope, scopeSentence } from './scope.js';
import { noSearch, searchParameters } from './search.js';
import { number, text } from './text.js';
import { minute, utcDate } from './time.js';
import { whoDropped } from './whodropped.js';

const slots = { found: el('div', { class: 'slot' }), figures: el('div', { class: 'slot' }) };

let query = null; // the last query, whose figures may not have arrived yet
let view = null; // { fleet, down, scope, shown }: what the page shows, or null
let finder = null; // { key, list }: the search whose devices the page shows, or null
let abort = new AbortController(); // aborts the requests for the figures
let abortPick = new AbortController(); // aborts the request for the worst minute of a column
let abortFinder = new AbortController();

// go changes the query, adds the new URL to the history and shows the figures. If the URL stays the
// same, the history does not change. The mark of a minute is removed unless change contains at.
function go(change, { isForced = false } = {}) {
  const path = fleetPath({ ...query, at: null, ...change });
  if (path !== location.pathname + location.search) history.pushState(null, '', path);
  return showURL({ isForced });
}

// showURL shows the figures for the current URL. If the URL names no instance, it takes the one that
// the user looked at last. It does not fetch figures or found devices again that the page shows
// already, unless isForced is true or the day has ended since then.
async function showURL({ isForced = false } = {}) {
  const next = readFleetQuery(Date.now());
  next.instance ||= lastInstance();
  adopt(next);
  const fault = next.fault?.fault ?? faultOf(next, Date.now());
  if (!next.instance || fault) {
    showWelcome(fault, next.fault?.words);
    return;
  }
  history.replaceState(history.state, '', fleetPath(next));
  if (isForced) finder = null;
  showSlots();
  find();
  if (isForced || isOutdated()) await load();
  else showMinute();
}

// showSlots puts the slots on the page if they are not there yet.
function showSlots() {
  if (byId('results').contains(slots.figures)) return;
  byId('results').replaceChildren(el('div', { class: 'results' }, slots.found, slots.figures));
}

const lastInstance = () => byId('instance').value || recentInstances()[0] || onlyInstance();

// isCurrent reports whether the page shows the figures for the query. Otherwise, they are still
// loading, and clicks on the old figures must not change the query.
const isCurrent = () => Boolean(view?.fleet.shows(query));

// isOutdated reports whether the figures for the query must be fetched. They must if the page shows
// other figures, or figures of a UTC day that has ended since they were fetched.
const isOutdated = () => !isCurrent() || (view.down !== null && !isToday(query, Date.now()));

// adopt makes a query the current one, and updates the form and the links in the top bar to match.
function adopt(next) {
  query = next;
  abortPick.abort();
  fillFleetForm(query);
  leadTo('fleet', fleetPath(query));
  if (new URLSearchParams(byId('view-device').search).get('instance') !== query.instance) {
    leadTo('device', `/?${new URLSearchParams({ instance: query.instance })}`);
  }
}

// showWelcome asks for an instance. If the URL is invalid, it says what is wrong.
function showWelcome(fault, words) {
  stop();
  byId('results').replaceChildren(fleetWelcome());
  document.title = text('title');
  if (fault) showFault(fault, words);
  else byId('fleet-instance').focus();
}

// stop aborts all requests and forgets what the page shows.
function stop() {
  for (const one of [abort, abortPick, abortFinder]) one.abort();
  [view, finder] = [null, null];
  for (const slot of Object.values(slots)) slot.replaceChildren();
  setBusy(false);
}

// load fetches and shows the figures of the query, and then the figures that take longer.
async function load() {
  abort.abort();
  abort = new AbortController();
  const { signal } = abort;
  setBusy(true);
  try {
    const fleet = await fetchFleet(query, Date.now(), signal);
    if (signal.aborted) return;
    if (!fleet.isAbsent) rememberInstance(query.instance);
    view = { fleet, down: isToday(query, Date.now()) ? offline(query) : null, scope: new Scope() };
    show();
    describe();
    complete(view, signal);
  } catch (error) {
    if (!signal.aborted) fail(error);
  } finally {
    if (!signal.aborted) setBusy(false);
  }
}

const maxDown = 20; // devices in a page of those that are offline

const offline = ({ instance }) => new DeviceList({ instance, state: 'offline', order: 'offline_since', limit: maxDown });

// complete fetches the figures that take longer.
function complete({ fleet, down }, signal) {
  if (fleet.isAbsent) return;
  fleet.loadMore(signal);
  down?.loadMore(signal);
}

function setBusy(on) {
  byId('results').setAttribute('aria-busy', on);
  byId('fleet').classList.toggle('busy', on);
}

function fail(error) {
  if (!(error instanceof APIError)) throw error;
  view = null;
  const where = { instance: query.instance, path: fleetPath(query) };
  slots.figures.replaceChildren(failureNotice(error, where, { onRetry: () => showURL(), onToken: () => askForToken('token.why') }));
  if (error.status === 401) askForToken(error.code === 'NoToken' ? 'token.why' : 'token.wrong');
}

// show draws the figures that are known.
function show() {
  for (const source of [view.fleet, view.down, view.scope]) source?.unwatch();
  view.shown = fleetResults(view.fleet, view.down, receipts, actions);
  keepFocus(byId('results'), () => slots.figures.replaceChildren(view.shown.node));
  view.shown.chart.redraw();
  showMinute();
}

const receipts = () => [view.fleet, view.down, view.scope, finder?.list].flatMap((one) => one?.receipts ?? []);

// describe summarizes the figures in the document's title and for screen readers.
function describe() {
  document.title = `${text('fleet.title')} ${plain(query.instance, 80)} · ${text('title')}`;
  const { drops, refusals } = view.fleet.answer.totals;
  narrate(text('fleet.narration', { date: utcDate(query.day), drops: number(drops), refusals: number(refusals) }));
}

// showMinute shows who dropped in the marked minute, or nothing if no minute is marked.
function showMinute() {
  const { scope, shown } = view;
  const { instance, at, of } = query;
  scope.unwatch();
  shown.chart.select(at);
  const loading = scope.ask(at === null ? null : { instance, client: '', at: at + minute / 2, of }, abort.signal);
  keepFocus(shown.who, () => shown.who.replaceChildren(...(at === null ? [] : [whoDropped(scope, minuteActions)])));
  scope.watch(shown.showCost);
  loading?.then(() => {
    if (scope.answer && query.at === at) narrate(scopeSentence(scope.answer, 'text'));
  });
}

const minuteActions = {
  onMinute: (at) => isCurrent() && go({ at: wholeMinute(at) }),
  onOf: (of) => isCurrent() && go({ at: query.at, of }),
  onClose: closeMinute,
  onRetry: () => isCurrent() && showMinute(),
};

// closeMinute removes the mark, and returns the focus from the panel to the marked bar.
function closeMinute() {
  if (!isCurrent()) return;
  view.shown.chart.focus();
  go({});
}

// pick marks the worst minute of a column of the chart. It removes the mark instead if the column
// is null or contains the marked minute.
async function pick(column) {
  if (!isCurrent()) return;
  abortPick.abort();
  const isMarked = column && query.at !== null && column.from <= query.at && query.at < column.to;
  if (!column || isMarked) {
    if (query.at !== null) go({});
    return;
  }
  const of = column.drops > 0 ? 'drops' : 'refusals';
  if (column.to - column.from === minute) go({ at: column.from, of });
  else await pickWorst(column, of);
}

async function pickWorst(column, of) {
  abortPick = new AbortController();
  const { signal } = abortPick;
  view.shown.who.replaceChildren(el('p', { class: 'card-note', 'aria-busy': 'true' }, text('who.busiest')));
  try {
    const at = await view.fleet.worstMinute(column, of, AbortSignal.any([signal, abort.signal]));
    if (!signal.aborted) go({ at, of });
  } catch (error) {
    if (error.name === 'AbortError') return;
    showMinute();
    announce(text('loading.failed'));
  }
}

// zoomAt zooms in (1) or out (-1). The marked minute stays in the middle.
function zoomAt(direction, at) {
  if (!isCurrent()) return;
  const { span, isWhole } = view.fleet;
  if (direction > 0 && canZoomIn(span)) zoom(zoomedIn(span, query.at ?? at));
  if (direction < 0 && !isWhole) zoom(zoomedOut(span, Date.now()));
}

// zoom changes the span and keeps the marked minute if it is within the new one.
function zoom(change) {
  if (!isCurrent()) return;
  const { at } = query;
  const isWithin = at !== null && (change.from === null || (change.from <= at && at < change.to));
  go({ ...change, at: isWithin ? at : null });
}

const actions = {
  onPick: pick,
  onZoom: (span) => zoom(zoomedTo(span)),
  onZoomAt: zoomAt,
  onInstance: (instance) => go({ instance, day: query.day, from: null, to: null }),
  onList: listDevices,
  onExport: exportFigures,
  onMove: (factor) => go(movedBy(query, factor, Date.now())),
  onMore: () => isCurrent() && view.down.loadMore(abort.signal),
  onRetry: () => isCurrent() && view.fleet.loadMore(abort.signal),
};

async function exportFigures() {
  const { fleet } = view;
  try {
    const { text: content } = await fleet.csv(abort.signal);
    save(`fleet-${fleet.query.instance}`, fleet.span.from, 'csv', content);
    announce(text('export.done'));
  } catch (error) {
    if (error.name !== 'AbortError') announce(text('export.failed', { error: plain(error.message, 200) }));
  }
}

// find shows the devices that the query lists, or nothing if it lists none.
function find() {
  const parameters = searchParameters(query, Date.now());
  const key = JSON.stringify(parameters);
  if (finder?.key === key && !finder.list.error) return;
  abortFinder.abort();
  abortFinder = new AbortController();
  finder = parameters ? { key, list: new DeviceList(parameters) } : null;
  const more = async () => {
    const { list } = finder;
    await list.loadMore(abortFinder.signal);
    if (list === finder?.list && list.answer) narrate(text('finder.narration', { count: number(list.answer.covered?.matched ?? list.list.length) }));
  };
  keepFocus(byId('results'), () => slots.found.replaceChildren(...(finder ? [finderResults(finder.list, query, { onMore: more, onRetry: more, onClose: closeFinder })] : [])));
  if (!finder) return;
  finder.list.watch(() => view?.shown.showCost());
  more();
}

// listDevices shows the devices of a node or a reason in the finder, and moves the focus there.
function listDevices(search) {
  if (!isCurrent()) return;
  go({ ...noSearch, ...search, at: query.at });
  slots.found.firstElementChild.focus({ preventScroll: true });
  slots.found.scrollIntoView();
}

// closeFinder ends the search, and returns the focus to the control that started it.
function closeFinder() {
  const { node, reason } = query;
  go({ ...noSearch, at: query.at });
  const isStarter = ({ dataset }) => (node ? dataset.node === node : reason && dataset.reason === reason);
  const starter = [...slots.figures.querySelectorAll('[data-node], [data-reason]')].find(isStarter);
  (starter ?? byId('finder-text')).focus();
}

async function listInstances() {
  await fetchInstances();
  const field = byId('fleet-instance');
  if (!query.instance && onlyInstance() && !field.value) field.value = onlyInstance();
  offerInstances(field.value);
}

// fleetPage is the page's view of the fleet; see pages in app.js.
export const fleetPage = {
  form: 'fleet',
  setUp: () => setUpFleetForm({
    onShow: ({ instance, day }) => go({ instance, day, from: null, to: null }, { isForced: true }),
    onFind: ({ instance, day, text: words }) => {
      const isSame = instance === query.instance && day === query.day;
      const search = { ...noSearch, text: words.trim() };
      go(isSame ? { ...search, at: query.at } : { ...search, instance, day, from: null, to: null });
    },
    onInstance: listInstances,
  }),
  show: () => showURL({ isForced: true }),
  follow: () => {
    if (query && fleetPath(query) === location.pathname + location.search) return;
    showURL();
  },
  leave: stop,
  listInstances,
  refreshForm: () => {},
  changeLanguage: () => showURL({ isForced: true }),
  changeZone: () => {
    if (view) show();
    finder?.list.change({});
  },
};
