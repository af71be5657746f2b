// Buttons that copy text to the clipboard.

import { el } from './dom.js';
import { icon } from './icons.js';
import { announce } from './live.js';
import { text } from './text.js';

// copy writes a string to the clipboard. navigator.clipboard exists only in secure contexts.
// Therefore, copy has a fallback for a page that is served over plain HTTP within a network.
async function copy(value) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(value);
    return;
  }
  const area = el('textarea', { class: 'visually-hidden', readonly: true });
  area.value = value;
  (document.querySelector('dialog[open]') ?? document.body).append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  if (!done) throw new Error('not copied');
}

const shownFor = 1600; // ms

// copyButton returns a button. A click calls value() and copies the result. Without a caption, the
// button shows only an icon, and label is its accessible name.
export function copyButton(value, { label, caption = '' }) {
  const shape = el('span', { class: 'icon-slot' }, icon('copy'));
  const button = el('button', { type: 'button', class: caption ? 'button quiet' : 'button icon-only quiet', title: label, 'aria-label': caption ? null : label }, shape, caption);
  button.addEventListener('click', async (event) => {
    event.stopPropagation();
    let done = true;
    try {
      await copy(value());
    } catch {
      done = false;
    }
    button.focus();
    announce(text(done ? 'copy.done' : 'copy.failed'));
    shape.replaceChildren(icon(done ? 'check' : 'cross'));
    setTimeout(() => shape.replaceChildren(icon('copy')), shownFor);
  });
  return button;
}
