// Parts of the page that fill themselves in as results arrive.

import { keepFocus } from './keep.js';

// fillFrom fills a node with the content that contentOf returns, now and after each change of
// source, which is a Loading. If the control that has the focus disappears, such as a button to try
// again, the node itself gets the focus.
export function fillFrom(source, node, contentOf) {
  node.tabIndex = -1;
  source.watch(() => {
    node.setAttribute('aria-busy', source.isLoading);
    keepFocus(node, () => node.replaceChildren(...contentOf()));
  });
}
