// Replaces a part of the page, and keeps what the user was doing there.

import { byId } from './dom.js';

// keepFocus calls replace, which replaces content of a container, and keeps the focus on the same
// control. If the focus was within the container, keepFocus moves it to the new control with the
// same id. If this control is missing or disabled, the focus moves to the container as a whole.
export function keepFocus(container, replace) {
  const focused = focusedIn(container);
  replace();
  if (!focused || focused === focusedIn(container)) return;
  const control = byId(focused.id);
  focus(control && !control.disabled ? control : container);
}

// keepState calls replace, which makes only small changes to the content of a container. Like
// keepFocus, it keeps the focus. It also keeps the scroll position, the opened details and what the
// user typed. If the control that had the focus has no id, keepState finds the new control by its
// place.
export function keepState(container, replace) {
  const focused = focusedIn(container);
  const place = focused && placeOf(focused, container);
  const opened = new Set([...container.querySelectorAll('details[open]')].map(nameOf));
  const typed = [...container.querySelectorAll('input[id]')].map(({ id, value }) => ({ id, value }));
  const [x, y] = [scrollX, scrollY];
  replace();
  for (const { id, value } of typed) byId(id).value = value;
  for (const details of container.querySelectorAll('details')) details.open = opened.has(nameOf(details));
  scrollTo(x, y);
  if (!focused || focused === focusedIn(container)) return;
  focus(byId(focused.id) ?? at(place, container) ?? container);
}

const focusedIn = (container) => (container.contains(document.activeElement) ? document.activeElement : null);

const focus = (control) => control.focus({ preventScroll: true });

// nameOf returns what distinguishes one details element from the others.
const nameOf = (details) => `${details.closest('[data-code]')?.dataset.code ?? ''} ${details.className}`;

// placeOf returns the path from the container down to a node. Each step is the index of an element
// among its siblings.
function placeOf(node, container) {
  const place = [];
  for (let one = node; one !== container; one = one.parentElement) place.unshift([...one.parentElement.children].indexOf(one));
  return place;
}

// at returns the node at a place, or null if no node there can have the focus.
function at(place, container) {
  const node = place.reduce((one, i) => one?.children[i], container);
  return node?.matches('button, a, summary, input, select, [tabindex]') ? node : null;
}
