// The interactive timeline. It is a single tab stop, and the arrow keys move from item to item. The
// effect of Enter or a click depends on the item:
//   - The bar of one connection: select the connection, or deselect it if it is selected.
//   - A bar that several connections share: zoom in.
//   - A mark: go to the event of the first refused login.
//
// Dragging the pointer across a range zooms into the range.

import { boundsOf } from './bars.js';
import { el } from './dom.js';
import { draw } from './draw.js';
import { labelOf } from './label.js';
import { side } from './layout.js';
import { keyOf } from './matching.js';
import { followPointer } from './pointer.js';
import { text } from './text.js';
import { ms } from './time.js';
import { tooltip } from './tooltip.js';

const minSpan = 2; // ms; the shortest span to zoom to

// timeline returns { node, select, redraw }. select takes the key of the connection to select, or
// "" to select nothing. redraw draws the timeline at once if node is on the page. Otherwise, the
// timeline draws itself as soon as the width of node is known. It draws itself again whenever the
// width changes.
//
// at is the instant to mark, or null. timeline calls onPick with a connection or null, onZoom with
// a span, and onTime with an instant.
export function timeline(report, at, { onPick, onZoom, onTime }) {
  const frame = el('div', { class: 'timeline-frame' });
  const tip = tooltip();
  let drawn = null;
  let picked = '';
  let current = 0; // the index of the item that Tab moves the focus to

  function redraw() {
    const width = Math.floor(frame.clientWidth);
    if (!width || drawn?.width === width) return;
    drawn = { ...draw(report, at, width), width };
    dress();
    frame.replaceChildren(drawn.node, tip.node);
  }

  function dress() {
    drawn.node.setAttribute('role', 'group');
    drawn.node.setAttribute('aria-label', text('timeline.label'));
    drawn.items.forEach((item, i) => {
      item.node.setAttribute('role', 'button');
      item.node.setAttribute('aria-label', labelOf(item, report, drawn.scale));
      item.node.dataset.item = i;
      item.node.id = `item-${drawn.items.length - i}`; // counted from the newest, because a more complete report can begin earlier
    });
    current = Math.min(current, Math.max(drawn.items.length - 1, 0));
    mark();
    followPointer(drawn, frame, { tip, describe, onZoom: zoom });
  }

  // mark updates the items to show which one is selected and which one Tab moves the focus to.
  function mark() {
    drawn.items.forEach((item, i) => {
      const isPicked = picked !== '' && (item.connections ?? []).some((one) => keyOf(one) === picked);
      item.node.classList.toggle('picked', isPicked);
      item.node.setAttribute('aria-pressed', isPicked);
      item.node.setAttribute('tabindex', i === current ? 0 : -1);
    });
    frame.classList.toggle('has-picked', picked !== '');
  }

  function describe(item) {
    return labelOf(item, report, drawn.scale);
  }

  function zoom(from, to) {
    tip.hide();
    if (to - from < minSpan) return;
    onZoom({ from: Math.max(from, drawn.scale.from), to: Math.min(to, drawn.scale.to) });
  }

  function activate(item) {
    if (item.refusals) onTime(ms(item.refusals[0].time));
    else if (item.connections.length === 1) onPick(keyOf(item.connections[0]) === picked ? null : item.connections[0]);
    else enter(item);
  }

  // enter zooms into a bar that several connections share. If the bar is too short to zoom into,
  // enter selects the bar's first connection.
  function enter(item) {
    const [from, to] = boundsOf(item.connections, drawn.scale);
    const margin = Math.ceil((to - from) / 20) + 1;
    if (to - from < minSpan) onPick(item.connections[0]);
    else zoom(from - margin, to + margin);
  }

  function go(i) {
    current = Math.min(Math.max(i, 0), drawn.items.length - 1);
    mark();
    drawn.items[current].node.focus();
  }

  const keys = {
    ArrowRight: () => go(current + 1), ArrowLeft: () => go(current - 1),
    Home: () => go(0), End: () => go(drawn.items.length - 1),
    Enter: () => activate(drawn.items[current]), ' ': () => activate(drawn.items[current]),
    Escape: () => { tip.hide(); onPick(null); },
  };

  const itemOf = (target) => drawn?.items[target.closest?.('[data-item]')?.dataset.item];

  frame.addEventListener('keydown', (event) => {
    if (!keys[event.key] || !drawn.items.length || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    keys[event.key]();
  });
  frame.addEventListener('click', (event) => {
    const item = itemOf(event.target);
    const dragged = frame.dataset.dragged;
    delete frame.dataset.dragged;
    if (!item || dragged) return;
    current = drawn.items.indexOf(item);
    mark();
    activate(item);
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

  return {
    node: frame,
    redraw,
    select(key) {
      picked = key;
      if (drawn) mark();
    },
  };
}
