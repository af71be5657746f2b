// What a screen reader says without being asked, and everybody sees for a moment.

import { byId } from './dom.js';

const shownFor = 4000; // ms
let hiding;

// announce is for what has no other place on the page.
export function announce(sentence) {
  const region = byId('toast');
  region.textContent = sentence;
  region.classList.add('shown');
  clearTimeout(hiding);
  hiding = setTimeout(() => region.classList.remove('shown'), shownFor);
}

// narrate says what a viewer sees anyway.
export function narrate(sentence) {
  byId('narration').textContent = sentence;
}
