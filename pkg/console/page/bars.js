// Connections as bars. Where they are too thin to be told apart, neighbours become
// one bar, never wider than a few pixels, so that 5,000 connections stay a picture
// of when and how they ended.

import { ms } from './time.js';

const thin = 4; // px; what is narrower may share a bar
const widestShared = 7; // px
const stub = 20; // px of a connection that began nobody knows when

// bars are { x, width, connections }, in the order of time.
export function bars(connections, scale) {
  const all = [];
  let free = 0; // where the last bar ended
  for (const connection of connections) {
    const end = scale.x(endOf(connection, scale));
    const begin = beginOf(connection, end, free, scale);
    const last = all.at(-1);
    if (end - begin < thin && last && takes(last, begin, end)) {
      last.connections.push(connection);
      last.width = Math.max(last.width, end - last.x);
    } else {
      const x = end - begin < thin ? Math.min(Math.max(begin, free), scale.width - 2) : begin;
      all.push({ x, width: Math.max(end - x, 2), connections: [connection], shared: end - begin < thin });
    }
    free = Math.max(free, all.at(-1).x + all.at(-1).width);
  }
  return all;
}

function beginOf(connection, end, free, scale) {
  if (connection.start !== null) return scale.x(ms(connection.start));
  return Math.max(end - stub, Math.min(free, end));
}

// takes reports whether a thin connection joins the thin ones before it.
function takes(bar, begin, end) {
  return bar.shared && begin < bar.x + Math.max(bar.width, thin) && end <= bar.x + widestShared;
}

const endOf = (connection, { to }) => Math.min(ms(connection.end) ?? to, to);

// boundsOf connections are the first instant and the last one known.
export function boundsOf(connections, scale) {
  const ends = connections.map((one) => endOf(one, scale));
  const starts = connections.map((one, i) => Math.max(ms(one.start) ?? ends[i], scale.from));
  return [Math.min(...starts), Math.max(...ends)];
}

// marks are instants as { x, items }, those that would cover each other as one. roomOf
// is the width that a mark of so many needs.
export function marks(items, timeOf, scale, roomOf) {
  const all = [];
  for (const item of items) {
    const x = scale.x(timeOf(item));
    const last = all.at(-1);
    if (last && x - last.x < roomOf(last.items.length)) last.items.push(item);
    else all.push({ x, items: [item] });
  }
  return all;
}
