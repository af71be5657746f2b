// Texts that devices and brokers chose: of any length, any script and any direction.

import { el, unbroken } from './dom.js';
import { number, text } from './text.js';

// Characters that show nothing, move the text around them or break a line: controls,
// zero width, bidirectional (Unicode Standard Annex 9), and halves of surrogate pairs.
const invisible = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;

const most = 120; // characters shown at first
const shownOfLong = 80;

// datum shows a text isolated from what stands around it. Invisible characters show
// their code; of a long text the beginning is shown, and the rest on demand.
export function datum(value, { limit = most, kind = '' } = {}) {
  const node = el('bdi', { class: `datum ${kind}`.trim(), dir: 'auto' });
  if (value.length <= limit) node.append(...visible(value));
  else node.append(...shortened(value, Math.min(limit, shownOfLong), node));
  return node;
}

function shortened(value, length, node) {
  const more = el('button', { type: 'button', class: 'more' }, text('datum.more', { count: number(value.length) }));
  more.addEventListener('click', (event) => {
    event.stopPropagation();
    node.classList.add('whole');
    node.tabIndex = 0;
    node.replaceChildren(...visible(value));
    node.focus();
  });
  return [...visible(start(value, length)), '…', more];
}

// start is the beginning of a text, not cut within a surrogate pair.
function start(value, length) {
  return value.slice(0, /[\ud800-\udbff]/.test(value[length - 1]) ? length - 1 : length);
}

const moment = /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g;

// visible is a text as nodes, invisible characters as their codes.
function visible(value) {
  return replaced(value, invisible, (found) => el('span', { class: 'code-point' }, code(found)))
    .flatMap((node) => (typeof node === 'string' ? replaced(node, moment, unbroken) : node));
}

// replaced is a text as nodes, with a node of its own for each match.
function replaced(value, pattern, nodeOf) {
  const nodes = [];
  let end = 0;
  for (const match of value.matchAll(pattern)) {
    nodes.push(value.slice(end, match.index), nodeOf(match[0]));
    end = match.index + match[0].length;
  }
  nodes.push(value.slice(end));
  return nodes.filter((node) => node !== '');
}

const code = (character) => `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}`;

// plain is a text for a line of plain text, such as a title or a ticket.
export function plain(value, limit = most) {
  const shown = value.length <= limit ? value : `${start(value, shownOfLong)}… (${text('datum.length', { count: number(value.length) })})`;
  return shown.replace(invisible, code);
}
