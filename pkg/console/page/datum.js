// Displays strings from devices and brokers, which can have any length, script and direction.

import { el, unbroken } from './dom.js';
import { number, text } from './text.js';

// invisible matches characters that are invisible, reorder the surrounding text or break a line.
// They include control characters, zero-width characters, unpaired surrogates and bidirectional
// formatting characters (Unicode Standard Annex 9).
// eslint-disable-next-line no-control-regex -- the pattern has to match control characters
const invisible = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;

const maxLength = 120; // characters; longer values are shortened
const lengthOfShortened = 80;

// datum returns an element that isolates a string from the surrounding text. Invisible characters
// appear as their codes. If the string is longer than limit, the element shows only the beginning
// of the string and a button. A click on the button shows the whole string.
export function datum(value, { limit = maxLength, kind = '' } = {}) {
  const node = el('bdi', { class: `datum ${kind}`.trim(), dir: 'auto' });
  if (value.length <= limit) node.append(...visible(value));
  else node.append(...shortened(value, Math.min(limit, lengthOfShortened), node));
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
  return [...visible(beginning(value, length)), '…', more];
}

// beginning returns the start of a string, cut to the given length. If this would split a surrogate
// pair, it cuts one code unit earlier.
function beginning(value, length) {
  return value.slice(0, /[\ud800-\udbff]/.test(value[length - 1]) ? length - 1 : length);
}

const moment = /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g;

// visible converts a string to nodes. It replaces invisible characters with their codes and
// prevents a line break between a date and its time.
function visible(value) {
  return replaced(value, invisible, (found) => el('span', { class: 'code-point' }, code(found)))
    .flatMap((node) => (typeof node === 'string' ? replaced(node, moment, unbroken) : node));
}

// replaced splits a string into nodes. It replaces each match of the pattern with the node that
// nodeOf returns for the match.
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

// plain makes a string safe for use in a line of plain text, such as a title. It replaces invisible
// characters with their codes and shortens a string that is longer than limit.
export function plain(value, limit = maxLength) {
  const shown = value.length <= limit ? value : `${beginning(value, lengthOfShortened)}… (${text('datum.length', { count: number(value.length) })})`;
  return shown.replace(invisible, code);
}
