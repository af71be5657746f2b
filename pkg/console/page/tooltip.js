// A line of text that floats above the timeline.

import { el } from './dom.js';

// pointAt returns the position of a pointer event within an element.
export function pointAt(event, node) {
  const box = node.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}

// tooltip returns { node, show, hide }. show(sentence, x, y) displays a sentence above a point in
// the parent element. The sentence stays between the left and right edges of the parent.
export function tooltip() {
  const node = el('div', { class: 'tooltip', 'aria-hidden': 'true', hidden: true });
  return {
    node,
    show(sentence, x, y) {
      node.textContent = sentence;
      node.hidden = false;
      const maxLeft = node.parentElement.clientWidth - node.offsetWidth;
      node.style.setProperty('left', `${Math.max(Math.min(x - node.offsetWidth / 2, maxLeft), 0)}px`);
      node.style.setProperty('top', `${y - node.offsetHeight - 8}px`);
    },
    hide() {
      node.hidden = true;
    },
  };
}
