// A pointer over the timeline: what is below it, the moment, and the stretch that it
// is drawn across.

import { svg } from './dom.js';
import { clock, minute, second } from './time.js';
import { pointAt } from './tooltip.js';

const dragBegins = 6; // px

// pointer follows a pointer over a drawing: what is below it, the moment, and a
// stretch that it is drawn across.
export function pointer(drawn, frame, { tip, describe, onZoom }) {
  const { node, plot, scale, rows, side, items } = drawn;
  const moment = svg('text', { y: rows.axis + 28 });
  const hair = svg('g', { class: 'hair', 'aria-hidden': 'true' }, svg('path', { d: `M0 ${rows.top - 4}V${rows.axis + 16}` }), moment);
  const band = svg('rect', { class: 'band', y: rows.top - 4, height: rows.axis - rows.top + 4 });
  plot.append(band, hair);
  let begin = null;

  const xOf = (event) => Math.min(Math.max(pointAt(event, node).x - side, 0), scale.width);

  function follow(event) {
    const x = xOf(event);
    hair.setAttribute('transform', `translate(${x} 0)`);
    moment.textContent = clock(scale.at(x), scale.to - scale.from > minute ? second : 1);
    const item = items[event.target.closest('[data-item]')?.dataset.item];
    if (event.buttons === 0) begin = null; // it was let go of elsewhere
    if (begin === null && item) tip.show(describe(item), side + x, rows.bar);
    else tip.hide();
    if (begin !== null) stretch(x);
  }

  function stretch(x) {
    if (Math.abs(x - begin) < dragBegins && !frame.dataset.dragged) return;
    frame.dataset.dragged = 'true';
    band.setAttribute('x', Math.min(x, begin));
    band.setAttribute('width', Math.abs(x - begin));
  }

  function finish(event) {
    const from = begin;
    begin = null;
    band.setAttribute('width', 0);
    if (from === null || !frame.dataset.dragged) return;
    const ends = [scale.at(from), scale.at(xOf(event))].sort((a, b) => a - b);
    onZoom(...ends);
  }

  node.addEventListener('pointerdown', (event) => {
    delete frame.dataset.dragged;
    if (event.button === 0) begin = xOf(event);
  });
  node.addEventListener('pointermove', (event) => {
    follow(event);
    if (frame.dataset.dragged && !node.hasPointerCapture(event.pointerId)) node.setPointerCapture(event.pointerId);
  });
  node.addEventListener('pointerup', finish);
  node.addEventListener('pointercancel', () => { begin = null; band.setAttribute('width', 0); });
  node.addEventListener('pointerleave', () => tip.hide());
}
