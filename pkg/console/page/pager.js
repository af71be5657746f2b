import { el } from './dom.js';
import { icon } from './icons.js';
import { number, text } from './text.js';

// pager turns pages: show({ page, first, last, total, more }, turn) says where one is.
export function pager({ label }) {
  const where = el('span', { class: 'where' });
  const back = el('button', { type: 'button', class: 'button quiet' }, icon('earlier'), text('pages.back'));
  const on = el('button', { type: 'button', class: 'button quiet' }, text('pages.on'), icon('later'));
  const node = el('nav', { class: 'pager', 'aria-label': label, hidden: true }, where, back, on);
  let turn = () => {};
  let at = 0;
  back.addEventListener('click', () => turn(at - 1));
  on.addEventListener('click', () => turn(at + 1));
  return {
    node,
    show({ page, first, last, total, more }, turnTo) {
      at = page;
      turn = turnTo;
      back.disabled = page === 0;
      on.disabled = !more;
      node.hidden = page === 0 && !more;
      where.textContent = text('pages.where', { first: number(first + 1), last: number(last), total });
    },
  };
}
