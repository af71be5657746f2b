// A report's verdicts: the first one as a headline, the others as a list.

import { copyButton } from './clipboard.js';
import { datum, plain } from './datum.js';
import { el } from './dom.js';
import { icon } from './icons.js';
import { nativeOf } from './kinds.js';
import { scopeLine, scopeLines } from './scopeline.js';
import { endedBy, takeoverLinks } from './takeover.js';
import { number, text } from './text.js';
import { inZone, iso, ms, time } from './time.js';
import { sinceWhen, trendLines, trends } from './trend.js';
import { infoLabel } from './vocabulary.js';

const icons = { problem: 'alert', notice: 'notice', info: 'info' };

// Codes of verdicts about a span without events. The level of these verdicts is "info", but the
// label of that level, "OK", would be misleading.
const codesWithoutData = ['nothing-recorded', 'offline-throughout'];

// levelOf returns the level at which to show a verdict. A level that this page does not know
// becomes "info".
function levelOf({ code, level }) {
  if (codesWithoutData.includes(code)) return 'notice';
  return level in icons ? level : 'info';
}

const levelLabel = (verdict) => text(`level.${levelOf(verdict)}`);

const maxLength = 1500; // characters; longer sentences are shortened

// prose returns an element with a sentence from the API, which may contain strings from a device.
const prose = (sentence, view) => datum(inZone(sentence, view.quoted), { limit: maxLength, kind: 'prose' });

// plainProse returns a sentence from the API as plain text.
const plainProse = (sentence, view) => plain(inZone(sentence, view.quoted), maxLength);

// headline shows the most useful verdict. When the user clicks an event, headline calls onTime with
// the event's instant. Without onTime, the events are not links. For onSpan, see trends; for
// onScopeRetry, see scopeLine; and for onConnection, see takeoverLinks.
export function headline(verdict, view, { onTime, onConnection, onSpan, onScopeRetry }) {
  const level = levelOf(verdict);
  return el('section', { class: `card headline level-${level}`, 'aria-labelledby': 'headline-title' },
    el('p', { class: 'level' }, icon(icons[level]), levelLabel(verdict)),
    el('h2', { id: 'headline-title' }, prose(verdict.title, view)),
    trends(verdict, view, { onSpan }),
    scopeLine(view, { onScopeRetry }),
    el('div', { class: 'advice' }, meaning(verdict, view), next(verdict, view)),
    more(verdict, view),
    foot(verdict, view, { onTime, onConnection }));
}

// quietHeadline returns the headline for a report without verdicts.
export function quietHeadline(view, { onSpan, onScopeRetry }) {
  return el('section', { class: 'card headline level-info', 'aria-labelledby': 'headline-title' },
    el('p', { class: 'level' }, icon('check'), text('level.info')),
    el('h2', { id: 'headline-title' }, text('verdict.none')),
    trends(null, view, { onSpan }),
    scopeLine(view, { onScopeRetry }),
    el('p', { class: 'meaning' }, text('verdict.none.meaning')));
}

// verdictList shows the given verdicts as a list. Each verdict is initially collapsed. For onTime and
// onConnection, see headline.
export function verdictList(verdicts, view, { onTime, onConnection }) {
  return el('section', { class: 'card verdicts', 'aria-labelledby': 'verdicts-title' },
    el('h2', { id: 'verdicts-title', class: 'section-title' }, text('verdict.others'), ' ', el('span', { class: 'count' }, number(verdicts.length))),
    el('ul', {}, verdicts.map((verdict) => el('li', {}, item(verdict, view, { onTime, onConnection })))));
}

function item(verdict, view, handlers) {
  const level = levelOf(verdict);
  return el('details', { class: `verdict level-${level}`, 'data-code': verdict.code },
    el('summary', {},
      icon('chevron'),
      el('span', { class: 'level', title: levelLabel(verdict) }, icon(icons[level]), el('span', { class: 'visually-hidden' }, levelLabel(verdict))),
      el('span', { class: 'title' }, prose(verdict.title, view)),
      el('span', { class: 'gist', 'aria-hidden': 'true' }, plainProse(verdict.meaning, view))),
    sinceWhen(verdict, view),
    meaning(verdict, view),
    next(verdict, view),
    more(verdict, view),
    foot(verdict, view, handlers));
}

const meaning = (verdict, view) => el('p', { class: 'meaning' }, prose(verdict.meaning, view));

function next(verdict, view) {
  if (!verdict.next) return null;
  return el('div', { class: 'next' }, el('strong', {}, icon('arrow'), text('verdict.next')), el('p', {}, prose(verdict.next, view)));
}

// more returns the verdict's longer explanation, initially collapsed.
function more(verdict, view) {
  if (!verdict.more) return null;
  return el('details', { class: 'explanation' },
    el('summary', {}, icon('chevron'), text('verdict.more')),
    el('p', { class: 'meaning' }, prose(verdict.more, view)));
}

function foot(verdict, view, handlers) {
  return el('div', { class: 'foot' }, evidenceOf(verdict, view, handlers), copyButton(() => ticketOf(verdict, view), { caption: text('copy.text') }));
}

function evidenceOf(verdict, view, handlers) {
  const shown = verdict.evidence.length;
  if (!shown) return el('span', { class: 'spring' });
  const label = shown < verdict.count ? 'verdict.evidence.some' : 'verdict.evidence';
  return el('details', { class: 'evidence-list' },
    el('summary', {}, icon('chevron'), text(label, { shown: number(shown), count: number(verdict.count) })),
    el('ol', {}, inOrder(verdict.evidence, view).map((one) => evidenceRow(one, view, handlers))));
}

// inOrder sorts evidence, which the API returns oldest first, like the table of events. Copied text does
// not use inOrder, so it is always sorted oldest first.
const inOrder = (events, { query }) => (query.order === 'desc' ? events.toReversed() : events);

function evidenceRow(one, view, { onTime, onConnection }) {
  const native = nativeOf(one);
  return el('li', {},
    evidenceTime(ms(one.time), view, onTime),
    el('span', { class: 'what' }, datum(one.action), ' ', datum(infoLabel(one)), native ? el('small', {}, ' ', datum(native)) : null),
    el('span', { class: 'why' }, prose(one.text, view), ' ', takeoverLinks(endedBy(one, view.report), view, onConnection)));
}

function evidenceTime(at, view, onTime) {
  if (at === null) return null;
  const node = time(at, view.stamp);
  return onTime ? el('button', { type: 'button', class: 'link-like', title: text('verdict.show'), on: { click: () => onTime(at) } }, node) : node;
}

function ticketOf(verdict, view) {
  return view.ticket(
    `${levelLabel(verdict)}: ${plainProse(verdict.title, view)}`,
    ...trendLines(verdict, view),
    ...scopeLines(view),
    plainProse(verdict.meaning, view),
    ...(verdict.next ? [`${text('verdict.next')}: ${plainProse(verdict.next, view)}`] : []),
    ...(verdict.more ? [plainProse(verdict.more, view)] : []),
    ...verdict.evidence.map((one) => evidenceLine(one, view)));
}

function evidenceLine(one, view) {
  const native = nativeOf(one) ? ` (${plain(nativeOf(one))})` : '';
  return `- ${one.time ? iso(ms(one.time)) : ''} ${plain(one.action)} ${plain(infoLabel(one))}${native}: ${plainProse(one.text, view)}`;
}
