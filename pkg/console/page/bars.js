// Connections as bars. Neighbouring connections that are too thin to distinguish share a bar a
// few pixels wide. So even 5,000 connections show when and how they ended.

import { ms } from './time.js';

const thin = 4; // px; a connection narrower than this may share a bar
const maxShared = 7; // px; the maximum width of a shared bar
const stub = 20; // px; the width of a connection whose start is unknown

// bars returns a list of { x, width, connections, shared } in order of time.
export function bars(connections, scale) {
  const all = [];
  let free = 0; // the right edge of the bars so far
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

// joins reports whether a thin connection fits into the given bar, which precedes it.
function joins(bar, start, end) {
  return bar.shared && start < bar.x + Math.max(bar.width, thin) && end <= bar.x + maxShared;
}

const endOf = (connection, { to }) => Math.min(ms(connection.end) ?? to, to);

// boundsOf returns the first start and the last end of connections, limited to the scale.
export function boundsOf(connections, scale) {
  const ends = connections.map((one) => endOf(one, scale));
  const starts = connections.map((one, i) => Math.max(ms(one.start) ?? ends[i], scale.from));
  return [Math.min(...starts), Math.max(...ends)];
}
