// One HTML file of all that is shown, for a ticket. It needs nothing but itself: no
// script, no style sheet, no image, and it may load none.

import { number, text } from './text.js';
import { datum } from './datum.js';
import { draw } from './draw.js';
import { el } from './dom.js';
import { legend } from './legend.js';
import { omitted } from './omitted.js';
import { incomplete, receipt } from './receipt.js';
import { cutDay } from './results.js';
import { status } from './status.js';
import { summary } from './summary.js';
import { plainTable } from './table.js';
import { iso, spanText, zoneName } from './time.js';
import { headline, quietHeadline, verdictList } from './verdicts.js';

const mostRows = 5000;

const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
const mark = 'styles'; // where they go
const drawnWidth = 1120; // px

// report is the file as a text.
export async function report(view) {
  await view.rows.until(mostRows);
  const page = document.implementation.createHTMLDocument(`${text('title')}: ${view.name()}`);
  page.documentElement.lang = document.documentElement.lang;
  page.head.append(
    el('meta', { charset: 'utf-8' }),
    el('meta', { 'http-equiv': 'Content-Security-Policy', content: policy }),
    el('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    page.createComment(mark));
  page.body.className = 'report';
  page.body.append(...content(view));
  for (const details of page.querySelectorAll('details')) details.open = true;
  for (const control of page.querySelectorAll('button')) control.replaceWith(...(control.matches('.link-like, .entry') ? control.childNodes : []));
  // Our own page may have no style in it, not even on its way into a file.
  const [before, after] = cut(page.documentElement.outerHTML, `<!--${mark}-->`);
  return `<!doctype html>\n${before}<style>\n${await styles()}</style>${after}\n`;
}

function cut(whole, at) {
  const i = whole.indexOf(at);
  return [whole.slice(0, i), whole.slice(i + at.length)];
}

async function styles() {
  const sheets = [...document.querySelectorAll('link[rel=stylesheet]')];
  return (await Promise.all(sheets.map(async (sheet) => (await fetch(sheet.href)).text()))).join('\n');
}

function content(view) {
  const [first, ...others] = view.report.verdicts;
  return [
    heading(view),
    view.isIncomplete() ? incomplete(view.rows.unreadable) : null,
    omitted(view.report),
    el('div', { class: 'top' }, first ? headline(first, view, {}) : quietHeadline(), status(view.status)),
    el('section', { class: 'card timeline-card' }, el('h2', { class: 'section-title' }, text('timeline.title')),
      el('div', { class: 'scroll' }, draw(view.report, drawnWidth).node), legend(view.report)),
    summary(view.report),
    others.length ? verdictList(others, view, {}) : null,
    rows(view),
    receipt(view.receipts()),
  ].filter(Boolean);
}

function heading(view) {
  const { query } = view;
  const now = Date.now();
  return el('header', { class: 'subject' }, el('div', { class: 'who' },
    el('p', { class: 'eyebrow' }, text('title')),
    el('h1', {}, datum(query.client, { kind: 'mono' })),
    el('p', {}, text('subject.instance'), ' ', datum(query.instance, { kind: 'mono' }), ' · ', `${spanText(query.from, query.to)} ${zoneName(query.from, query.to)}`),
    cutDay(query),
    el('p', { class: 'quiet-text' }, text('report.made', { time: iso(now) }), ' · ', el('a', { href: view.link() }, text('report.link')))));
}

function rows(view) {
  const { list, done } = view.rows;
  const shown = list.slice(0, mostRows);
  const filter = view.filter();
  return el('section', { class: 'card events' },
    el('h2', { class: 'section-title' }, text('table.title'), ' ', el('span', { class: 'count' }, number(shown.length))),
    filter ? el('p', { class: 'quiet-text' }, text('report.filter', { filter })) : null,
    done && shown.length === list.length ? null : el('p', { class: 'notice warning' }, text('report.cut', { most: number(mostRows) })),
    plainTable(shown, view));
}
