// Converts instants to pixels and chooses the ticks of a time axis.

import { day, hour, minute, second, shifted } from './time.js';

// timeScale returns a scale that maps a span of time to a width in pixels. x(at) returns the
// position of an instant, clamped to the range from 0 to width. at(x) returns the instant at a
// position.
export function timeScale(from, to, width) {
  const perMS = width / Math.max(to - from, 1);
  return {
    from, to, width,
    x: (at) => Math.min(Math.max((at - from) * perMS, 0), width),
    at: (x) => Math.round(from + x / perMS),
  };
}

const steps = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, second, 2 * second, 5 * second, 10 * second, 15 * second, 30 * second,
  minute, 2 * minute, 5 * minute, 10 * minute, 15 * minute, 30 * minute, hour, 2 * hour, 3 * hour, 4 * hour, 6 * hour, 12 * hour, day,
];

// minGap returns the minimum distance between two ticks, so that a label fits between them. Steps
// below a second need more space, because their labels include milliseconds.
const minGap = (step) => (step < second ? 112 : 84); // px

// ticks returns the instants of the ticks, all at round wall-clock times, and the step between
// them.
export function ticks({ from, to, width }) {
  const step = steps.find((one) => (to - from) / one <= Math.max(width / minGap(one), 1)) ?? day;
  const ahead = shifted(from) - from;
  const all = [];
  for (let wall = Math.ceil(shifted(from) / step) * step; wall - ahead <= to; wall += step) all.push(wall - ahead);
  return { step, all };
}
