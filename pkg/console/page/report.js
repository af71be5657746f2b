// A report is one HTML file with everything that the page shows. Users can attach it to a ticket.
// The file is self-contained and must not load anything: no script, no style sheet, no image.

import { el } from './dom.js';
import { draw } from './draw.js';
import { plainTable } from './eventrow.js';
import { laterEnds, legend } from './legend.js';
import { cutNotice, omittedNotice } from './omitted.js';
import { incompleteNotice, receipt } from './receipt.js';
import { snapshotOf } from './snapshot.js';
import { statusCard } from './status.js';
import { strip } from './strip.js';
import { reportSubject } from './subject.js';
import { summaryTiles } from './summary.js';
import { number, text } from './text.js';
import { second } from './time.js';
import { headline, quietHeadline, verdictList } from './verdicts.js';
import { wordLegend } from './words.js';

const maxRows = 5000;

const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
const placeholder = 'styles';
const timelineWidth = 1120; // px

// reportFile returns the content of a view's report file. It waits up to 10 seconds for results that
// are still loading, but only 2 seconds for the scope, which reads a whole fleet and is often slowest.
export async function reportFile(view) {
  await view.rows.fetchUntil(maxRows);
  await Promise.all([within(10 * second, view.whole), within(2 * second, view.scoped)]);
  const page = document.implementation.createHTMLDocument(`${text('title')}: ${view.name()}`);
  page.documentElement.lang = document.documentElement.lang;
  page.head.append(
    el('meta', { charset: 'utf-8' }),
    el('meta', { 'http-equiv': 'Content-Security-Policy', content: policy }),
    el('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    page.createComment(placeholder));
  page.body.className = 'report';
  page.body.append(...content(view, snapshotOf(view, Date.now())));
  makeStatic(page);
  // Insert the styles only after the document has been serialized, because the policy of the
  // current page forbids style elements even in a document that is never displayed.
  const [before, after] = cut(page.documentElement.outerHTML, `<!--${placeholder}-->`);
  return `<!doctype html>\n${before}<style>\n${await styles()}</style>${after}\n`;
}

// within waits for a promise, but at most for the given number of milliseconds.
const within = (length, promise) => Promise.race([promise, new Promise((resolve) => { setTimeout(resolve, length); })]);

// cut returns the parts of a string before and after the first occurrence of a separator.
function cut(whole, separator) {
  const at = whole.indexOf(separator);
  return [whole.slice(0, at), whole.slice(at + separator.length)];
}

// makeStatic opens all details elements and removes all buttons. It keeps the content of buttons
// that look like links or are entries of the legend. Links within the page become absolute.
function makeStatic(page) {
  for (const details of page.querySelectorAll('details')) details.open = true;
  for (const link of page.querySelectorAll('a[data-link]')) link.setAttribute('href', location.origin + link.getAttribute('href'));
  for (const button of page.querySelectorAll('button')) button.replaceWith(...(button.matches('.link-like, .entry') ? button.childNodes : []));
}

async function styles() {
  const sheets = [...document.querySelectorAll('link[rel=stylesheet]')];
  return (await Promise.all(sheets.map(async (sheet) => (await fetch(sheet.href)).text()))).join('\n');
}

// content returns the elements of a report. view is a snapshot of original.
function content(original, view) {
  const [first, ...others] = view.report.verdicts;
  const { report } = view;
  return [
    reportSubject(view, original.link()),
    view.isIncomplete() ? incompleteNotice(view.rows.unreadable) : null,
    cutNotice(report),
    omittedNotice(report),
    el('div', { class: 'top' }, first ? headline(first, view, {}) : quietHeadline(view, {}), statusCard(view, {})),
    view.days.rows.size ? strip(view.days, {}) : null,
    el('section', { class: 'card timeline-card' }, el('h2', { class: 'section-title' }, text('timeline.title')),
      el('div', { class: 'scroll' }, draw(report, view.marked, timelineWidth).node), legend(report), laterEnds(report)),
    summaryTiles(report),
    others.length ? verdictList(others, view, {}) : null,
    events(view),
    wordLegend(),
    receipt(view.receipts()),
  ].filter(Boolean);
}

function events(view) {
  const { list, done } = view.rows;
  const shown = list.slice(0, maxRows);
  const filter = view.filter();
  return el('section', { class: 'card events' },
    el('h2', { class: 'section-title' }, text('table.title'), ' ', el('span', { class: 'count' }, number(shown.length))),
    filter ? el('p', { class: 'quiet-text' }, text('report.filter', { filter })) : null,
    done && shown.length === list.length ? null : el('p', { class: 'notice warning' }, text('report.cut', { max: number(maxRows) })),
    plainTable(shown, view));
}
