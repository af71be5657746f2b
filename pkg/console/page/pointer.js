// This module follows the pointer over the timeline. It shows the item and the instant below the
// pointer, and the range that the user drags across.

import { svg } from './dom.js';
import { side } from './layout.js';
import { clock, minute, second } from './time.js';
import { pointAt } from './tooltip.js';

const minDrag = 6; // px; a shorter movement counts as a click

// followPointer shows the item and the instant under the pointer. After the user has dragged across
// a range, it calls onZoom with this range. A drag also sets frame.dataset.dragged. This property
// stays set after the drag, so that the click listener can ignore the click that follows.
export function followPointer({ node, plot, scale, rows, items }, frame, { tip, describe, onZoom }) {
  const instant = svg('text', { y: rows.axis + 28 });
  const hair = svg('g', { class: 'hair', 'aria-hidden': 'true' }, svg('path', { d: `M0 ${rows.top - 4}V${rows.axis + 16}` }), instant);
  const band = svg('rect', { class: 'band', y: rows.top - 4, height: rows.axis - rows.top + 4 });
  plot.append(band, hair);
  let start = null;

  const xOf = (event) => Math.min(Math.max(pointAt(event, node).x - side, 0), scale.width);

  function follow(event) {
    const x = xOf(event);
    hair.setAttribute('transform', `translate(${x} 0)`);
    instant.textContent = clock(scale.at(x), scale.to - scale.from > minute ? second : 1);
    const item = items[event.target.closest('[data-item]')?.dataset.item];
    if (event.buttons === 0) start = null; // the button was released outside the timeline
    if (start === null && item) tip.show(describe(item), side + x, rows.bar);
    else tip.hide();
    if (start !== null) stretchTo(x);
  }

  function stretchTo(x) {
    if (Math.abs(x - start) < minDrag && !frame.dataset.dragged) return;
    frame.dataset.dragged = 'true';
    band.setAttribute('x', Math.min(x, start));
    band.setAttribute('width', Math.abs(x - start));
  }

  function cancel() {
    start = null;
    band.setAttribute('width', 0);
  }

  function finish(event) {
    const from = start;
    cancel();
    if (from === null || !frame.dataset.dragged) return;
    onZoom(...[scale.at(from), scale.at(xOf(event))].sort((a, b) => a - b));
  }

  node.addEventListener('pointerdown', (event) => {
    delete frame.dataset.dragged;
    if (event.button === 0) start = xOf(event);
  });
  node.addEventListener('pointermove', (event) => {
    follow(event);
    if (frame.dataset.dragged && !node.hasPointerCapture(event.pointerId)) node.setPointerCapture(event.pointerId);
  });
  node.addEventListener('pointerup', finish);
  node.addEventListener('pointercancel', cancel);
  node.addEventListener('pointerleave', () => tip.hide());
}
