// The dialog that asks for the token.

import { byId } from './dom.js';
import { text } from './text.js';
import { keepToken, remembered } from './token.js';

let onUse = () => {};

// dialog calls use when a token was given.
export function dialog(use) {
  onUse = use;
  byId('token-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const value = byId('token').value.trim();
    if (!value) return;
    keepToken(value, byId('token-remember').checked);
    byId('token').value = '';
    byId('token-dialog').close();
    onUse();
  });
  byId('token-cancel').addEventListener('click', () => byId('token-dialog').close());
  byId('token-open').addEventListener('click', () => askToken('token.why'));
}

// askToken opens it and says why.
export function askToken(why) {
  byId('token-why').textContent = text(why);
  byId('token-remember').checked = remembered();
  if (!byId('token-dialog').open) byId('token-dialog').showModal();
  byId('token').focus();
}
