// Turns connections into bars. Neighboring connections that are too thin to distinguish share a bar
// a few pixels wide. As a result, even a timeline of 5,000 connections can show when and how they
// ended.

import { ms } from './time.js';

const thin = 4; // px; a connection narrower than this may share a bar
const maxShared = 7; // px; the maximum width of a shared bar
const stub = 20; // px; the maximum width of a bar if the connection's start is unknown

// bars returns the bars for the given connections, which must be in order of time. Each bar is { x,
// width, connections, shared }.
export function bars(connections, scale) {
  const all = [];
  let free = 0; // the right edge of the rightmost bar so far
  for (const connection of connections) {
    const end = scale.x(endOf(connection, scale));
    const start = startOf(connection, end, free, scale);
    const isThin = end - start < thin;
    const last = all.at(-1);
    if (isThin && last && joins(last, start, end)) {
      last.connections.push(connection);
      last.width = Math.max(last.width, end - last.x);
    } else {
      const x = isThin ? Math.min(Math.max(start, free), scale.width - 2) : start;
      all.push({ x, width: Math.max(end - x, 2), connections: [connection], shared: isThin });
    }
    free = Math.max(free, all.at(-1).x + all.at(-1).width);
  }
  return all;
}

function startOf(connection, end, free, scale) {
  if (connection.start !== null) return scale.x(ms(connection.start));
  return Math.max(end - stub, Math.min(free, end));
}

// joins reports whether a connection that is too narrow for a bar of its own can share bar, the
// last bar so far. start and end are the connection's edges in pixels.
function joins(bar, start, end) {
  return bar.shared && start < bar.x + Math.max(bar.width, thin) && end <= bar.x + maxShared;
}

const endOf = (connection, { to }) => Math.min(ms(connection.end) ?? to, to);

// boundsOf returns the earliest start and the latest end of the given connections, limited to the
// span of the scale.
export function boundsOf(connections, scale) {
  const ends = connections.map((one) => endOf(one, scale));
  const starts = connections.map((one, i) => Math.max(ms(one.start) ?? ends[i], scale.from));
  return [Math.min(...starts), Math.max(...ends)];
}
