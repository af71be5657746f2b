// What stands in the place of results where there are none.

import { write } from './address.js';
import { datum } from './datum.js';
import { el } from './dom.js';
import { icon } from './icons.js';
import { phrase, text } from './text.js';
import { date, ms, time } from './time.js';

function notice(kind, shape, title, ...body) {
  return el('section', { class: `notice ${kind}` }, icon(shape), el('div', {}, el('h2', {}, title), body));
}

const button = (caption, onClick, shape) => el('button', { type: 'button', class: 'button', on: { click: onClick } }, shape && icon(shape), caption);

// Function Compute takes addresses of up to 4 KB and answers 400 to others; what
// stands in front of a function may have limits of its own.
const longestAddress = 3900;
const tooLong = [400, 414, 431];

// failed says why there is no answer, and what can be done.
export function failed(problem, query, { onRetry, onToken }) {
  const sentence = problem.message ? el('p', { class: 'quiet-text' }, datum(problem.message, { limit: 600, kind: 'prose' })) : null;
  if (problem.status === 401) {
    const name = problem.code === 'NoToken' ? 'failed.noToken' : 'failed.token';
    return notice('warning', 'key', text(name), el('p', {}, text(`${name}.meaning`)), button(text('token.other'), onToken, 'key'));
  }
  if (problem.status === 403) {
    return notice('warning', 'key', text('failed.forbidden'), el('p', {}, phrase('failed.forbidden.meaning', { instance: datum(query.instance, { kind: 'mono' }) })), button(text('token.other'), onToken, 'key'));
  }
  if (problem.tooMany) {
    return notice('warning', 'alert', text('failed.many'), el('p', {}, text('failed.many.meaning')), el('p', {}, text('failed.many.next')));
  }
  if (tooLong.includes(problem.status) && write(query).length > longestAddress) {
    return notice('warning', 'alert', text('failed.long'), el('p', {}, text('failed.long.meaning')));
  }
  if (problem.status === 0) {
    return notice('warning', 'alert', text('failed.unreachable'), el('p', {}, text('failed.unreachable.meaning')), button(text('retry'), onRetry, 'retry'));
  }
  if (problem.passing) {
    return notice('warning', 'alert', text('failed.store'), el('p', {}, text('failed.store.meaning')), sentence, button(text('retry'), onRetry, 'retry'));
  }
  return notice('warning', 'alert', text('failed.refused'), sentence ?? el('p', {}, `HTTP ${problem.status}`));
}

// nothing says that the span is empty, and where there is something.
export function nothing(view, { onDay }) {
  const last = ms(view.status?.last_event_at ?? view.report.status.last_event_at);
  if (last === null) {
    const since = view.status?.looked_back_to;
    return notice('empty', 'info', text('nothing.ever'),
      el('p', {}, since ? phrase('nothing.ever.since', { date: el('strong', {}, date(ms(since))) }) : null),
      el('ul', {}, ['instance', 'case', 'retention'].map((name) => el('li', {}, text(`nothing.check.${name}`)))));
  }
  return notice('empty', 'info', text('nothing.here'),
    el('p', {}, phrase('nothing.last', { time: time(last) })),
    button(text('nothing.jump', { date: date(last) }), () => onDay(date(last)), 'later'));
}

// welcome stands there before anything was asked.
export function welcome() {
  return el('section', { class: 'welcome' },
    el('h1', {}, text('welcome.title')),
    el('p', {}, text('welcome.how')),
    el('p', { class: 'quiet-text' }, text('welcome.whole')));
}
