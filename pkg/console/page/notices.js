// Notices that replace the results: failures, empty results and the welcome text.

import { datum, plain } from './datum.js';
import { el } from './dom.js';
import { icon } from './icons.js';
import { nearMisses } from './near.js';
import { scopeLine } from './scopeline.js';
import { maxLength } from './span.js';
import { number, phrase, text } from './text.js';
import { date, duration, hour, ms, time } from './time.js';
import { trends } from './trend.js';

function notice(kind, shape, title, ...body) {
  return el('section', { class: `notice ${kind}` }, icon(shape), el('div', {}, el('h2', {}, title), body));
}

const button = (caption, onClick, shape) => el('button', { type: 'button', class: 'button', on: { click: onClick } }, icon(shape), caption);

// If a query failed with a status in urlTooLong, and its URL is longer than maxURL, the URL was
// probably too long. Function Compute responds with 400 to a URL of more than 4 KB. Servers in
// front of the function may respond with one of the other statuses.
const maxURL = 3900;
const urlTooLong = [400, 414, 431];

const isTooLong = (error, path) => urlTooLong.includes(error.status) && path.length > maxURL;

// failureNotice returns a notice that says why a query failed and what to do. path is the page's URL
// for the query.
export function failureNotice(error, { instance, path }, { onRetry, onToken }) {
  const warning = (name, shape, ...body) => notice('warning', shape, text(name), ...body);
  const meaning = (name) => el('p', {}, text(`${name}.meaning`));
  const tokenButton = (key) => button(text(key), onToken, 'key');
  const retry = () => button(text('retry'), onRetry, 'retry');
  const sentence = error.message ? el('p', { class: 'quiet-text' }, datum(error.message, { limit: 600, kind: 'prose' })) : null;
  if (error.status === 401) {
    const isMissing = error.code === 'NoToken';
    const name = isMissing ? 'failed.noToken' : 'failed.token';
    return warning(name, 'key', meaning(name), tokenButton(isMissing ? 'token.enter' : 'token.other'));
  }
  if (error.status === 403) {
    return warning('failed.forbidden', 'key', el('p', {}, phrase('failed.forbidden.meaning', { instance: datum(instance, { kind: 'mono' }) })), tokenButton('token.other'));
  }
  if (isTooLong(error, path)) return warning('failed.long', 'alert', meaning('failed.long'));
  if (error.status === 0) return warning('failed.unreachable', 'alert', meaning('failed.unreachable'), retry());
  if (error.status === 429) return warning('failed.busy', 'alert', meaning('failed.busy'), sentence, retry());
  if (error.isTemporary) return warning('failed.store', 'alert', meaning('failed.store'), sentence, retry());
  return warning('failed.refused', 'alert', sentence ?? el('p', {}, `HTTP ${error.status}`));
}

// emptyNotice returns a notice that says that the span contains no events. If the device has events
// outside the span, the notice shows the time of the last event. It also shows the time of the last
// drop, unless a headline does. If the whole instance has no events, the notice offers other
// instances.
export function emptyNotice(view, { onAt, onDate, onInstance, onSpan, onScopeRetry }) {
  if (view.isAbsent()) return absentNotice(view, onInstance, nearMisses(view));
  const last = ms(view.status?.last_event_at ?? view.report.status.last_event_at);
  if (last === null) return view.query.at === null ? neverSeenNotice(view) : noneUntilNotice(view.query.at, onAt);
  return notice('empty', 'info', text('nothing.here'),
    el('p', {}, lastEvent(view.query.at, last)),
    view.hasHeadline() ? null : [trends(null, view, { onSpan }), scopeLine(view, { onScopeRetry })],
    button(text('nothing.jump', { date: date(last) }), () => onDate(date(last)), 'later'));
}

// lastEvent says when the last event was. If the status is about an instant, later events may
// exist.
const lastEvent = (at, last) => (at === null ? phrase('nothing.last', { time: time(last) }) : phrase('nothing.last.until', { at: time(at), time: time(last) }));

const maxOthers = 20;

// absentTitle returns a plain text that says that the instance, or even the whole bucket, has no
// events yet.
export const absentTitle = ({ query, report }) => text(report.bucket_empty ? 'absent.bucket' : 'absent.title', { instance: plain(query.instance, 80) });

// absentNotice returns a notice that says that the instance, or even the whole bucket, has no events
// yet. It offers other instances, and ends with the content of more. report is any response of the
// API.
export function absentNotice({ query, report }, onInstance, more = null) {
  const { instances, more_instances: hasMore, bucket_empty: isEmpty } = report;
  const title = absentTitle({ query, report });
  if (isEmpty) return notice('empty', 'info', title, el('p', {}, text('absent.bucket.meaning')));
  const others = instances.slice(0, maxOthers);
  const buttons = others.map((one) => el('button', { type: 'button', class: 'button', on: { click: () => onInstance(one) } }, one));
  return notice('empty', 'info', title,
    el('p', {}, text(others.length ? 'absent.others' : 'absent.none')),
    others.length ? el('p', { class: 'others' }, buttons, hasMore || instances.length > maxOthers ? ` ${text('absent.more')}` : null) : null,
    more);
}

function neverSeenNotice(view) {
  const since = view.status?.looked_back_to;
  return notice('empty', 'info', text('nothing.ever'),
    el('p', {}, since ? phrase('nothing.ever.since', { date: el('strong', {}, date(ms(since))) }) : null),
    nearMisses(view),
    el('ul', {}, ['instance', 'case', 'broker'].map((name) => el('li', {}, text(`nothing.check.${name}`)))));
}

// noneUntilNotice returns a notice that says that the device has no events up to an instant. It
// offers to leave out the instant, because the device may have later events.
function noneUntilNotice(at, onAt) {
  return notice('empty', 'info', text('nothing.here'),
    el('p', {}, phrase('nothing.until', { at: time(at) })),
    button(text('status.backToNow'), () => onAt(null), 'later'));
}

// longNotice returns a notice about a link to a span that is too long. The notice offers the end of
// the span.
export function longNotice(span, { onLastDay }) {
  return notice('warning', 'alert', text('long.title', { length: duration(span.to - span.from), max: number(maxLength / hour) }),
    el('p', {}, text('long.meaning')),
    button(text('long.lastDay'), onLastDay, 'later'));
}

// welcome returns the text that the page shows before the first query.
export function welcome() {
  return el('section', { class: 'welcome' },
    el('h1', {}, text('welcome.title')),
    el('p', {}, text('welcome.how')),
    el('p', { class: 'quiet-text' }, text('welcome.whole')));
}

// fleetWelcome returns the text that the fleet's view shows before an instance is chosen.
export function fleetWelcome() {
  return el('section', { class: 'welcome' },
    el('h1', {}, text('fleet.welcome.title')),
    el('p', {}, text('fleet.welcome.how')));
}
