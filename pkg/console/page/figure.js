// An interactive drawing of items along a time axis. It is a single tab stop, and the arrow keys
// move from item to item. Enter or a click activates an item. Dragging the pointer across a range
// chooses this range.

import { el } from './dom.js';
import { side } from './layout.js';
import { followPointer } from './pointer.js';
import { tooltip } from './tooltip.js';

// figure returns { node, redraw, mark, focus }. redraw draws at once if node is on the page.
// Otherwise, the figure draws itself as soon as the width of node is known. It draws itself again
// whenever the width changes. mark updates which items are selected.
//
// draw takes a width and returns { node, plot, items, scale, rows }. labelOf returns the label of
// an item, and isPicked reports whether the item is selected. The figure calls onItem with an item,
// onSpan with the two ends of a range and the scale, and onEscape without arguments. keys maps
// further keys to functions that take the current item and the scale.
export function figure({ label, draw, labelOf, isPicked, onItem, onSpan, onEscape, keys = {} }) {
  const frame = el('div', { class: 'timeline-frame' });
  const tip = tooltip();
  let drawn = null;
  let current = 0; // the index of the item that Tab moves the focus to

  function redraw() {
    const width = Math.floor(frame.clientWidth);
    if (!width || drawn?.width === width) return;
    drawn = { ...draw(width), width };
    dress();
    frame.replaceChildren(drawn.node, tip.node);
  }

  function dress() {
    drawn.node.setAttribute('role', 'group');
    drawn.node.setAttribute('aria-label', label);
    drawn.items.forEach((item, i) => {
      item.node.setAttribute('role', 'button');
      item.node.setAttribute('aria-label', describe(item));
      item.node.dataset.item = i;
      item.node.id = `item-${drawn.items.length - i}`; // counted from the newest, because a more complete report can begin earlier
    });
    current = Math.min(current, Math.max(drawn.items.length - 1, 0));
    mark();
    followPointer(drawn, frame, { tip, describe, onZoom: choose });
  }

  // mark updates the items to show which one is selected and which one Tab moves the focus to.
  function mark() {
    if (!drawn) return;
    const picked = drawn.items.map(isPicked);
    drawn.items.forEach((item, i) => {
      item.node.classList.toggle('picked', picked[i]);
      item.node.setAttribute('aria-pressed', picked[i]);
      item.node.setAttribute('tabindex', i === current ? 0 : -1);
    });
    frame.classList.toggle('has-picked', picked.includes(true));
  }

  const describe = (item) => labelOf(item, drawn.scale);

  function choose(from, to) {
    tip.hide();
    onSpan({ from, to }, drawn.scale);
  }

  function go(i) {
    current = Math.min(Math.max(i, 0), drawn.items.length - 1);
    mark();
    drawn.items[current].node.focus();
  }

  // focus moves the focus to the selected item or, if none is selected, to the item that Tab reaches.
  function focus() {
    const picked = drawn?.items.findIndex(isPicked) ?? -1;
    if (drawn?.items.length) go(picked < 0 ? current : picked);
  }

  const activate = () => onItem(drawn.items[current], drawn.scale);

  const ownKeys = {
    ArrowRight: () => go(current + 1), ArrowLeft: () => go(current - 1),
    Home: () => go(0), End: () => go(drawn.items.length - 1),
    Enter: activate, ' ': activate,
    Escape: () => { tip.hide(); onEscape(); },
  };

  const itemOf = (target) => drawn?.items[target.closest?.('[data-item]')?.dataset.item];

  frame.addEventListener('keydown', (event) => {
    const act = ownKeys[event.key] ?? keys[event.key];
    if (!act || !drawn.items.length || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act(drawn.items[current], drawn.scale);
  });
  frame.addEventListener('click', (event) => {
    const item = itemOf(event.target);
    const { dragged } = frame.dataset;
    delete frame.dataset.dragged;
    if (!item || dragged || event.detail > 1) return; // the second click of a double click would undo the first
    current = drawn.items.indexOf(item);
    mark();
    activate();
  });
  frame.addEventListener('focusin', (event) => {
    const item = itemOf(event.target);
    if (!item) return;
    current = drawn.items.indexOf(item);
    mark();
    if (event.target.matches(':focus-visible')) tip.show(describe(item), side + item.x, drawn.rows.bar);
  });
  frame.addEventListener('focusout', () => tip.hide());

  new ResizeObserver(redraw).observe(frame);

  return { node: frame, redraw, mark, focus };
}
