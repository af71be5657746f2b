// Messages that a screen reader speaks without being asked.

import { byId } from './dom.js';

const shownFor = 4000; // ms
let hiding;

// announce also shows the sentence for a moment, because it is nowhere else on the page.
export function announce(sentence) {
  const region = byId('toast');
  region.textContent = sentence;
  region.classList.add('shown');
  clearTimeout(hiding);
  hiding = setTimeout(() => region.classList.remove('shown'), shownFor);
}

// narrate only speaks the sentence, because the page shows the same.
export function narrate(sentence) {
  byId('narration').textContent = sentence;
}
