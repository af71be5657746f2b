import { copyButton } from './clipboard.js';
import { datum, plain } from './datum.js';
import { el } from './dom.js';
import { icon } from './icons.js';
import { nativeOf } from './kinds.js';
import { number, text } from './text.js';
import { inZone, iso, ms, time } from './time.js';

const icons = { problem: 'alert', notice: 'notice', info: 'info' };

// What these say is that there is nothing on record, which is not to be all right.
const silent = ['nothing-recorded', 'offline-throughout'];

// levelOf a verdict; one that this page does not know is an info.
function levelOf({ code, level }) {
  if (silent.includes(code)) return 'notice';
  return level in icons ? level : 'info';
}

const longest = 1500;

// prose is a sentence of ours that may quote a device, plainProse the same as text.
const prose = (sentence, view) => datum(inZone(sentence, view.quoted), { limit: longest, kind: 'prose' });
const plainProse = (sentence, view) => plain(inZone(sentence, view.quoted), longest);

// headline is the most useful verdict, large.
export function headline(verdict, view, { onTime }) {
  const level = levelOf(verdict);
  return el('section', { class: `card headline level-${level}`, 'aria-labelledby': 'headline-title' },
    el('p', { class: 'level' }, icon(icons[level]), text(`level.${level}`)),
    el('h2', { id: 'headline-title' }, prose(verdict.title, view)),
    el('div', { class: 'advice' }, el('p', { class: 'meaning' }, prose(verdict.meaning, view)), next(verdict, view)),
    el('div', { class: 'foot' }, evidenceOf(verdict, view, onTime), copyButton(() => ticket(verdict, view), { caption: text('copy.text') })));
}

// quietHeadline stands where there is no verdict.
export function quietHeadline() {
  return el('section', { class: 'card headline level-info', 'aria-labelledby': 'headline-title' },
    el('p', { class: 'level' }, icon('check'), text('level.info')),
    el('h2', { id: 'headline-title' }, text('verdict.none')),
    el('p', { class: 'meaning' }, text('verdict.none.meaning')));
}

function next(verdict, view) {
  if (!verdict.next) return null;
  return el('div', { class: 'next' }, el('strong', {}, icon('arrow'), text('verdict.next')), el('p', {}, prose(verdict.next, view)));
}

// verdictList is the other verdicts.
export function verdictList(verdicts, view, actions) {
  return el('section', { class: 'card verdicts', 'aria-labelledby': 'verdicts-title' },
    el('h2', { id: 'verdicts-title', class: 'section-title' }, text('verdict.others'), ' ', el('span', { class: 'count' }, number(verdicts.length))),
    el('ul', {}, verdicts.map((verdict) => el('li', {}, item(verdict, view, actions)))));
}

function item(verdict, view, { onTime }) {
  const level = levelOf(verdict);
  return el('details', { class: `verdict level-${level}` },
    el('summary', {},
      icon('chevron'),
      el('span', { class: 'level', title: text(`level.${level}`) }, icon(icons[level]), el('span', { class: 'visually-hidden' }, text(`level.${level}`))),
      el('span', { class: 'title' }, prose(verdict.title, view)),
      el('span', { class: 'gist', 'aria-hidden': 'true' }, plainProse(verdict.meaning, view))),
    el('p', { class: 'meaning' }, prose(verdict.meaning, view)),
    next(verdict, view),
    el('div', { class: 'foot' }, evidenceOf(verdict, view, onTime), copyButton(() => ticket(verdict, view), { caption: text('copy.text') })));
}

function evidenceOf(verdict, view, onTime) {
  const shown = verdict.evidence.length;
  if (!shown) return el('span', { class: 'spring' });
  const label = shown < verdict.count ? 'verdict.evidence.some' : 'verdict.evidence';
  return el('details', { class: 'evidence-list' },
    el('summary', {}, icon('chevron'), text(label, { shown: number(shown), count: number(verdict.count) })),
    el('ol', {}, verdict.evidence.map((one) => evidenceRow(one, view, onTime))));
}

function evidenceRow(one, view, onTime) {
  const at = ms(one.time);
  const when = onTime && at !== null
    ? el('button', { type: 'button', class: 'link-like', title: text('verdict.show'), on: { click: () => onTime(at) } }, time(at, view.stamp))
    : at !== null && time(at, view.stamp);
  return el('li', {},
    when || null,
    el('span', { class: 'what' }, datum(one.action), ' ', datum(one.action_info), nativeOf(one) ? el('small', {}, ' ', datum(nativeOf(one))) : null),
    el('span', { class: 'why' }, prose(one.text, view)));
}

// ticket is a verdict as plain text, with what a reader elsewhere needs.
function ticket(verdict, view) {
  return [
    ...view.heading(),
    '',
    `${text(`level.${levelOf(verdict)}`)}: ${plainProse(verdict.title, view)}`,
    plainProse(verdict.meaning, view),
    ...(verdict.next ? [`${text('verdict.next')}: ${plainProse(verdict.next, view)}`] : []),
    ...verdict.evidence.map((one) => `- ${one.time ? iso(ms(one.time)) : ''} ${plain(one.action)} ${plain(one.action_info)}${nativeOf(one) ? ` (${plain(nativeOf(one))})` : ''}: ${plainProse(one.text, view)}`),
    '',
    view.link(),
  ].join('\n');
}
