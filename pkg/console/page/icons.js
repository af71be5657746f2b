// Icons, drawn on a grid of 16 by 16 units in the color of the surrounding text.

import { svg } from './dom.js';

const strokes = {
  alert: 'M8 1.8 15 14H1L8 1.8ZM8 6v4M8 11.9v.2',
  arrow: 'M2.5 8h11M9 3.5 13.5 8 9 12.5',
  away: 'M4 8h8',
  check: 'm3 8.5 3.2 3.2L13 5',
  chevron: 'm6 3.5 4.5 4.5L6 12.5',
  counted: 'M3 13.5v-4M8 13.5v-11M13 13.5v-7',
  clock: 'M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13ZM8 4.5V8l2.5 2',
  copy: 'M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z',
  cross: 'm4 4 8 8M12 4l-8 8',
  dark: 'M13.5 9.6A6 6 0 0 1 6.4 2.5a6 6 0 1 0 7.1 7.1Z',
  down: 'M8 2v8.5M4.5 7 8 10.5 11.5 7M2.5 13.5h11',
  earlier: 'm10 3.5-4.5 4.5 4.5 4.5',
  info: 'M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13ZM8 7v4.5M8 4.6v.2',
  key: 'M7.6 8.4 13.5 2.5M11 5l2 2M9.3 6.7l1.4 1.4M5.3 7.7a3 3 0 1 1 0 6 3 3 0 0 1 0-6Z',
  later: 'm6 3.5 4.5 4.5L6 12.5',
  light: 'M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6ZM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1.1 1.1M11.9 11.9 13 13M13 3l-1.1 1.1M4.1 11.9 3 13',
  link: 'M6.5 9.5a3 3 0 0 0 4.4.2l2.2-2.2a3 3 0 0 0-4.3-4.3l-1 1M9.5 6.5a3 3 0 0 0-4.4-.2L2.9 8.5a3 3 0 0 0 4.3 4.3l1-1',
  loading: 'M3 8h.1M8 8h.1M13 8h.1',
  notice: 'M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13ZM8 4.5V9M8 11.2v.2',
  open: 'M2.5 8h8M7.5 4.5 11 8l-3.5 3.5M13.5 3v10',
  out: 'M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9ZM10.3 10.3l3.7 3.7M5 7h4',
  in: 'M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9ZM10.3 10.3l3.7 3.7M5 7h4M7 5v4',
  retry: 'M13.5 8a5.5 5.5 0 1 1-1.7-4M13.5 1.5V5H10',
  unread: 'M8 1.5a6.5 6.5 0 0 1 4.6 1.9M14.5 8a6.5 6.5 0 0 1-1.9 4.6M8 14.5a6.5 6.5 0 0 1-4.6-1.9M1.5 8a6.5 6.5 0 0 1 1.9-4.6',
  search: 'M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9ZM10.3 10.3l3.7 3.7',
  auto: 'M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13ZM8 1.5v13M8 4.5l4-1M8 8h6.3M8 11.5l4 1',
};

export function icon(name) {
  return svg('svg', { class: 'icon', viewBox: '0 0 16 16', 'aria-hidden': 'true' }, svg('path', { d: strokes[name] }));
}
