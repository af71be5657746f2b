import { el } from './dom.js';
import { icon } from './icons.js';
import { number, text } from './text.js';

// pager returns { node, show }. node is the element with the paging buttons. show(position, turnTo)
// displays a position of the form { page, first, last, total, more }. After that, a click on a
// button calls turnTo with the number of the requested page. If a button becomes disabled while it
// has the focus, the other button gets the focus.
export function pager({ label }) {
  const where = el('span', { class: 'where' });
  const previous = el('button', { type: 'button', class: 'button quiet' }, icon('earlier'), text('pages.previous'));
  const next = el('button', { type: 'button', class: 'button quiet' }, text('pages.next'), icon('later'));
  const node = el('nav', { class: 'pager', 'aria-label': label, hidden: true }, where, previous, next);
  let onTurn = () => {};
  let current = 0;
  previous.addEventListener('click', () => onTurn(current - 1));
  next.addEventListener('click', () => onTurn(current + 1));
  return {
    node,
    show({ page, first, last, total, more }, turnTo) {
      current = page;
      onTurn = turnTo;
      const focused = document.activeElement;
      previous.disabled = page === 0;
      next.disabled = !more;
      if (focused === next && next.disabled) previous.focus();
      if (focused === previous && previous.disabled) next.focus();
      node.hidden = page === 0 && !more;
      where.textContent = text('pages.where', { first: number(first + 1), last: number(last), total });
    },
  };
}
