// Fill patterns for the kinds of connection end, so that bars can be distinguished without color.

import { svg } from './dom.js';
import { kinds } from './kinds.js';

const size = 8;

const paths = {
  'client-closed': 'M1 2h2M5 6h2',
  'no-heart': 'M-2 2 2-2M0 8 8 0M6 10l4-4',
  conflict: 'M0 0l8 8M8 0 0 8',
  io: 'M-2 6l4 4M0 0l8 8M6-2l4 4',
  'not-authorized': 'M2 0v8M6 0v8',
  'topic-denied': 'M0 2h8M0 6h8',
  invalid: 'M4 1v6M1 4h6',
  server: 'M1 1h2.5v2.5H1zM5 5h2.5v2.5H5z',
  unknown: 'M0 4h4',
};

const hatches = { unknown: paths['no-heart'], omitted: paths.io };

// textures returns an element that defines all patterns. Each drawing must contain such an element,
// because fills refer to the patterns by id.
export function textures() {
  return svg('defs', {},
    kinds.filter((kind) => paths[kind]).map((kind) => pattern(`texture-${kind}`, `texture kind-${kind}`, paths[kind])),
    Object.entries(hatches).map(([state, path]) => pattern(`hatch-${state}`, 'hatch', path)));
}

function pattern(id, kind, d) {
  return svg('pattern', { id, class: kind, width: size, height: size, patternUnits: 'userSpaceOnUse' }, svg('path', { d }));
}

// textureOf returns the pattern fill for a kind of connection end, or null for a kind without a
// pattern.
export const textureOf = (kind) => (paths[kind] ? `url(#texture-${kind})` : null);

// hatchOf returns the hatching for time whose state is unknown or omitted. For any other state, it
// returns null.
export const hatchOf = (state) => (hatches[state] ? `url(#hatch-${state})` : null);
