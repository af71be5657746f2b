// Marks for refused logins, above the bars.

import { svg } from './dom.js';
import { barHeight, markSize, perLetter, side } from './layout.js';
import { number } from './text.js';
import { ms } from './time.js';

// refusalSign returns the shapes that make up the mark of a refusal, centered on the origin.
export const refusalSign = () => [
  svg('circle', { class: 'shield', r: markSize / 2 }),
  svg('path', { class: 'sign', d: 'm-2.6-2.6 5.2 5.2m0-5.2-5.2 5.2' }),
];

export function markItems(report, scale, rows) {
  return grouped(report.refusals, scale).map(({ x, refusals }) => {
    const node = svg('g', { class: 'mark', transform: `translate(${x} ${rows.marks + markSize / 2 + 2})` },
      svg('path', { class: 'stem', d: `M0 ${markSize / 2}v${barHeight + 9}` }),
      refusalSign(),
      refusals.length > 1 ? markCount(refusals.length, x, scale) : null,
      svg('circle', { class: 'outline', r: markSize / 2 + 2 }));
    return { node, x, refusals };
  });
}

// grouped returns groups of refusals. Refusals whose marks would overlap are in the same group.
function grouped(refusals, scale) {
  const all = [];
  for (const refusal of refusals) {
    const x = scale.x(ms(refusal.time));
    const last = all.at(-1);
    if (last && x - last.x < markWidth(last.refusals.length)) last.refusals.push(refusal);
    else all.push({ x, refusals: [refusal] });
  }
  return all;
}

// markWidth returns the width of a mark, including the count beside it.
const markWidth = (count) => markSize + 8 + (count > 1 ? number(count).length * perLetter + 4 : 0);

// markCount draws the number of refusals beside a mark: to its right, or to its left if the mark is
// too close to the right edge.
function markCount(count, x, scale) {
  const fits = x + markWidth(count) < scale.width + side;
  return svg('text', { class: 'mark-count', 'text-anchor': fits ? 'start' : 'end', x: fits ? 10 : -10, y: 4 }, number(count));
}
