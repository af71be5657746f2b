// Messages that a screen reader speaks as soon as they appear.

import { byId } from './dom.js';

const shownFor = 4000; // ms
let hiding;

// announce makes a screen reader speak a sentence. It also shows the sentence for a moment,
// because the sentence appears nowhere else on the page.
export function announce(sentence) {
  const region = byId('toast');
  region.textContent = sentence;
  region.classList.add('shown');
  clearTimeout(hiding);
  hiding = setTimeout(() => region.classList.remove('shown'), shownFor);
}

// narrate makes a screen reader speak a sentence. It does not show the sentence, because the page
// already shows the same facts.
export function narrate(sentence) {
  byId('narration').textContent = sentence;
}
