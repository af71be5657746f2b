// The dialog that asks for the token.

import { byId } from './dom.js';
import { text } from './text.js';
import { isRemembered, keepToken } from './token.js';

// tokenDialog adds listeners to the dialog. Each time the user enters a token, onToken is called.
export function tokenDialog(onToken) {
  byId('token-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const value = byId('token').value.trim();
    if (!value) return;
    keepToken(value, byId('token-remember').checked);
    byId('token').value = '';
    byId('token-dialog').close();
    onToken();
  });
  byId('token-cancel').addEventListener('click', () => byId('token-dialog').close());
  byId('token-open').addEventListener('click', () => askForToken('token.why'));
}

// askForToken opens the dialog. The parameter is the key of the message that explains why a token
// is needed.
export function askForToken(why) {
  byId('token-why').textContent = text(why);
  byId('token-remember').checked = isRemembered();
  if (!byId('token-dialog').open) byId('token-dialog').showModal();
  byId('token').focus();
}
