// The page: from the address to an answer, and from what a viewer does to an address.

import { complete, read, span, write } from './address.js';
import { askJSON, Problem } from './api.js';
import { plain } from './datum.js';
import { askToken, dialog } from './dialog.js';
import { byId } from './dom.js';
import { fetchAll, save } from './download.js';
import { fill, fold, form, refresh, refuse } from './form.js';
import { icon } from './icons.js';
import { announce, narrate } from './live.js';
import { failed, welcome } from './notices.js';
import { instances, prefer, preferences, rememberInstance } from './preferences.js';
import { report } from './report.js';
import { results } from './results.js';
import { Rows } from './rows.js';
import { between, endsAt, moved, spanOf, upTo, wider } from './span.js';
import { number, text, translate } from './text.js';
import { ms } from './time.js';
import { takeTokenFromFragment, token } from './token.js';
import { View } from './view.js';

let view = null; // what is shown
let asked = null; // what was asked last: a query
let current = new AbortController(); // of what was asked last

// go asks for something else and gives it an address of its own. preset is what the
// form shows beside it.
function go(change, preset = null) {
  const query = { ...(asked ?? read()), connection: '', ...change };
  history.pushState(preset, '', write(query));
  arrive();
}

// arrive shows what the address asks for. known is a view of the same device and span.
async function arrive(known = null) {
  const query = read();
  if (!complete(query)) {
    start(query);
    return;
  }
  const checked = query.fault ?? between(query.from, query.to, Date.now());
  if (checked.fault) {
    decline(query, checked);
    return;
  }
  settle(query);
  await load(query, known);
}

// settle makes a query the one that the form and the address tell.
function settle(query) {
  asked = query;
  fill(query, history.state);
  history.replaceState(history.state, '', write(query));
}

const sameSpan = (a, b) => ['instance', 'client', 'from', 'to'].every((name) => a[name] === b[name]);

// filter asks for other rows of the same device and span.
function filter(change) {
  const query = { ...asked, ...change };
  history.pushState(history.state, '', write(query));
  arrive(view);
}

// back is one step in the history, which may be a step within the page.
function back() {
  if (asked && write(asked) === location.pathname + location.search) return;
  arrive(view && sameSpan(view.query, read()) ? view : null);
}

function start(query) {
  current.abort();
  busy(false);
  [view, asked] = [null, null];
  const now = Date.now();
  fold(false);
  fill({ ...query, instance: query.instance || instances()[0] || '', from: now - 3600000, to: now }, { range: 'hour' });
  byId('results').replaceChildren(welcome());
  document.title = text('title');
  byId(byId('instance').value ? 'device' : 'instance').focus();
}

// decline says in the form what is wrong with an address.
function decline(query, fault) {
  start(query);
  fill(query, { range: 'custom' });
  refuse(fault);
}

// load asks the API. Where a view of the same device and span is known, only the rows
// are asked for.
async function load(query, known) {
  current.abort();
  current = new AbortController();
  const { signal } = current;
  busy(true);
  try {
    const found = known ? await answers(query, known, signal) : await answersNow(query, signal);
    if (signal.aborted) return;
    if (found.query !== query) settle(found.query);
    view = found;
    rememberInstance(query.instance);
    show();
  } catch (problem) {
    if (!signal.aborted) fail(problem);
  } finally {
    if (!signal.aborted) busy(false);
  }
}

// answers are a view of what is asked for; known is what needs no asking.
async function answers(query, known, signal) {
  const rows = new Rows(query, signal);
  const [report, status] = await Promise.all([known.report ?? diagnosis(query, signal), known.status ?? statusNow(query, signal), rows.more()]);
  return new View(query, report, status, rows);
}

// answersNow go on to the newest event where the span ends now: the clock of a broker
// may be ahead, and the status knows what it told.
async function answersNow(query, signal) {
  const current = endsAt(query, Date.now());
  const found = await answers(query, {}, signal);
  const last = ms(found.status?.last_event_at);
  if (!current || last === null || last <= query.to) return found;
  const further = await answers({ ...query, ...upTo(query, last) }, { status: found.status }, signal);
  further.rows.receipts.push(found.report.receipt, ...found.rows.receipts);
  return further;
}

const diagnosis = (query, signal) => askJSON('diagnosis', { ...span(query), lang: preferences.lang }, signal);

// statusNow looks back for days, which can be too much alone.
async function statusNow({ instance, client }, signal) {
  try {
    return await askJSON('status', { instance, client }, signal);
  } catch (problem) {
    if (problem instanceof Problem && (problem.passing || problem.tooMany)) return null;
    throw problem;
  }
}

function busy(on) {
  byId('results').setAttribute('aria-busy', on);
  byId('query').classList.toggle('busy', on);
}

function fail(problem) {
  if (!(problem instanceof Problem)) throw problem;
  view = null;
  fold(false);
  byId('results').replaceChildren(failed(problem, asked, { onRetry: () => arrive(), onToken: () => askToken('token.why') }));
  if (problem.status === 401) askToken(problem.code === 'NoToken' ? 'token.why' : 'token.wrong');
}

function show() {
  const shown = results(view, actions);
  keepFocus(() => byId('results').replaceChildren(shown.node));
  fold(true);
  if (view.query.connection) shown.pick(view.query.connection);
  refresh();
  document.title = `${view.name()} · ${text('title')}`;
  const [first] = view.report.verdicts;
  narrate(text('results.narration', { verdict: plain(first?.title ?? text('verdict.none'), 300), count: number(view.rows.list.length) }));
}

// keepFocus leaves the focus on the control that asked for new results, where they
// have it too, else at their beginning.
function keepFocus(replace) {
  const focused = byId('results').contains(document.activeElement) ? document.activeElement : null;
  replace();
  if (!focused) return;
  const control = byId(focused.id);
  (control && !control.disabled ? control : byId('results')).focus({ preventScroll: true });
}

const actions = {
  onSpan: ({ from, to }) => go({ from: Math.floor(from), to: Math.floor(to) }),
  onMove: (lengths) => go(moved(asked, lengths, Date.now())),
  onWider: () => go(wider(asked, Date.now())),
  onDay: (date) => go(spanOf({ range: 'date', date }, Date.now()), { range: 'date', date }),
  onFilter: (change) => {
    if (change.order) prefer('order', change.order);
    filter(change);
  },
  onPick: (connection) => {
    if (view.query !== asked) return; // the address is that of something else by now
    view.query.connection = connection;
    history.replaceState(history.state, '', view.path());
  },
  onProblem: (problem) => fail(problem),
  // during shows that something takes a moment, and what went wrong. Once something else was
  // asked for, the moment is that one's.
  during: async (work) => {
    const { signal } = view.rows;
    busy(true);
    try {
      if (await work === false) announce(text('table.notShown'));
    } catch (problem) {
      if (problem.name !== 'AbortError') fail(problem);
    } finally {
      if (!signal.aborted) busy(false);
    }
  },
  onExport: (format, button) => saveAs(format, button),
};

async function saveAs(format, button) {
  const { query } = view;
  button.disabled = true;
  try {
    const { content, incomplete } = format === 'html'
      ? { content: await report(view) }
      : await fetchAll(query, format, current.signal, (pages) => announce(text('export.pages', { pages: number(pages) })));
    save(query, format, content);
    announce(text(incomplete ? 'export.incomplete' : 'export.done'));
  } catch (problem) {
    if (problem.name === 'AbortError') return;
    if (problem.status === 401) fail(problem);
    else announce(text('export.failed', { error: plain(problem.message, 200) }));
  } finally {
    button.disabled = false;
  }
}

// switches are the choices in the bar; what they change is shown at once.
const switches = {
  lang: () => {
    translatePage();
    if (asked) arrive();
    else byId('results').replaceChildren(welcome());
  },
  zone: () => {
    refresh();
    if (asked) fill(asked, history.state?.range === 'date' ? null : history.state);
    if (view) show();
  },
  theme: () => applyTheme(),
};

function applyTheme() {
  if (preferences.theme === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = preferences.theme;
}

function press(name) {
  for (const button of byId(name).children) button.setAttribute('aria-pressed', button.value === preferences[name]);
}

function translatePage() {
  translate(document);
  refresh();
}

for (const slot of document.querySelectorAll('[data-icon]')) slot.append(icon(slot.dataset.icon));
for (const [name, apply] of Object.entries(switches)) {
  press(name);
  byId(name).addEventListener('click', ({ target }) => {
    const button = target.closest('button');
    if (!button) return;
    prefer(name, button.value);
    press(name);
    apply();
  });
}
document.querySelector('.skip').addEventListener('click', (event) => {
  event.preventDefault();
  byId('results').focus();
});
addEventListener('popstate', back);
addEventListener('hashchange', () => {
  if (takeTokenFromFragment()) arrive();
});
form((query, preset) => go({ ...query, action: '', info: '' }, preset));
dialog(() => arrive());
translatePage();
arrive();
if (!token()) askToken('token.why');
