import { el } from './dom.js';

// pointAt is where an event is within an element.
export function pointAt(event, node) {
  const box = node.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}

// tooltip is a line that floats above a point of its parent, and stays within it.
export function tooltip() {
  const node = el('div', { class: 'tooltip', 'aria-hidden': 'true', hidden: true });
  return {
    node,
    show(sentence, x, y) {
      node.textContent = sentence;
      node.hidden = false;
      const room = node.parentElement.clientWidth - node.offsetWidth;
      node.style.setProperty('left', `${Math.max(Math.min(x - node.offsetWidth / 2, room), 0)}px`);
      node.style.setProperty('top', `${y - node.offsetHeight - 8}px`);
    },
    hide() {
      node.hidden = true;
    },
  };
}
