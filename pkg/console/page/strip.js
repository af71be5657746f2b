// The strip of days around a span: one cell per UTC day.

import { dayCell } from './daycell.js';
import { month, week } from './days.js';
import { el } from './dom.js';
import { number, text } from './text.js';
import { utcDate } from './time.js';
import { tooltip } from './tooltip.js';

// strip shows the days. It fills itself in as soon as the days are known. It calls onDay with the
// first instant of the day that the user chose, onCount with the number of days to show, and
// onRetry. Without these functions, there is nothing to click.
export function strip(days, { onDay, onCount, onRetry }) {
  const cells = el('ol', { class: 'days' });
  const tip = tooltip();
  const frame = el('div', { class: 'days-frame' }, cells, tip.node);
  const count = onCount && countButton(days, onCount);
  const notes = el('div', { class: 'days-notes' });
  const node = el('section', { class: 'card days-card', 'aria-labelledby': 'days-title' },
    el('header', { class: 'toolbar' },
      el('h2', { id: 'days-title', class: 'section-title' }, text('days.title')),
      el('small', { class: 'quiet-text' }, text('days.zone')),
      onDay ? el('small', { class: 'quiet-text wide' }, text('days.hint')) : null,
      el('span', { class: 'spring' }), count?.node),
    frame, notes);
  if (onDay) {
    followCells(frame, cells, tip);
    moveAmong(cells);
  }
  // The button disappears when it is clicked, so the focus moves to the cells.
  const retry = onRetry && (() => {
    daysIn(cells).find((one) => one.tabIndex === 0).focus({ preventScroll: true });
    onRetry();
  });
  days.watch(() => {
    const all = days.list();
    node.setAttribute('aria-busy', days.isLoading);
    cells.classList.toggle('many', all.length > week);
    keepCell(cells, () => cells.replaceChildren(...all.map((one, i) => el('li', {}, dayCell(one, i === 0, days, onDay)))));
    count?.show();
    notes.replaceChildren(...notesOn(days, retry));
  });
  return node;
}

// keepCell replaces the cells and keeps the focus on the same day.
function keepCell(cells, replace) {
  const focused = cells.contains(document.activeElement) ? document.activeElement.id : '';
  replace();
  const all = daysIn(cells);
  const same = all.find((one) => one.id === focused);
  stopAt(same ?? all.findLast((one) => one.hasAttribute('aria-current')) ?? all.at(-1), all);
  if (focused) same?.focus({ preventScroll: true });
}

const daysIn = (cells) => [...cells.querySelectorAll('button.day')];

// stopAt lets the Tab key reach the given cell, but no other cell.
function stopAt(cell, all) {
  for (const one of all) one.tabIndex = one === cell ? 0 : -1;
}

// moveAmong makes the cells a single tab stop. The arrow keys move from cell to cell.
function moveAmong(cells) {
  cells.addEventListener('focusin', (event) => stopAt(event.target, daysIn(cells)));
  cells.addEventListener('keydown', (event) => {
    const all = daysIn(cells);
    const i = all.indexOf(event.target);
    const next = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: all.length - 1 }[event.key];
    if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    all[next]?.focus();
  });
}

function countButton(days, onCount) {
  const other = () => (days.count === week ? month : week);
  const node = el('button', { id: 'days-count', type: 'button', class: 'button quiet', on: { click: () => onCount(other()) } });
  return {
    node,
    show() {
      node.textContent = text('days.count', { count: number(other()) });
    },
  };
}

function notesOn({ error, answer, searched }, onRetry) {
  const retry = onRetry && el('button', { id: 'days-retry', type: 'button', class: 'link-like', on: { click: onRetry } }, text('retry'));
  return [
    error && el('p', { role: 'status' }, text('days.failed'), ' ', retry),
    answer?.cut && el('p', {}, searched === null ? text('days.cut.all') : text('days.cut', { date: utcDate(searched) })),
    answer?.incomplete && el('p', {}, text('days.incomplete')),
  ].filter(Boolean);
}

// followCells shows the label of a cell while the pointer is over the cell or the cell has the
// keyboard focus.
function followCells(frame, cells, tip) {
  const show = (event) => {
    const cell = event.target.closest('.day');
    if (!cell || (event.type === 'focusin' && !cell.matches(':focus-visible'))) return;
    const [box, outer] = [cell.getBoundingClientRect(), frame.getBoundingClientRect()];
    tip.show(cell.getAttribute('aria-label'), box.left - outer.left + box.width / 2, box.top - outer.top);
  };
  for (const type of ['pointerover', 'focusin']) cells.addEventListener(type, show);
  for (const type of ['pointerleave', 'focusout', 'click']) cells.addEventListener(type, () => tip.hide());
}
