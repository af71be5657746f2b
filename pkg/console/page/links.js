// Links within the page. Following one shows another URL without loading the page again.

import { byId, el } from './dom.js';

// pageLink returns a link to a path of the page.
export function pageLink(path, attributes, ...children) {
  return el('a', { class: 'link-like', ...attributes, href: path, 'data-link': true }, children);
}

let onFollow = () => {};

// follow shows another URL of the page.
export function follow(path) {
  history.pushState(null, '', path);
  onFollow();
  byId('results').focus({ preventScroll: true });
  scrollTo(0, 0);
}

// followLinks sets the function that shows the current URL. From then on, it is called whenever the
// user follows a link of the page. If the user asks for another tab or window, the browser handles
// the click itself.
export function followLinks(show) {
  onFollow = show;
  document.addEventListener('click', (event) => {
    const link = event.target.closest?.('a[data-link]');
    if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    follow(link.getAttribute('href'));
  });
}

// leadTo sets the URL of the link to a view in the top bar. name is "device" or "fleet".
export const leadTo = (name, path) => byId(`view-${name}`).setAttribute('href', path);
