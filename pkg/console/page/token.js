// This module handles the API token. It keeps the token for this tab. If the user wishes, the
// browser also stores the token for later visits. A URL may contain the token only in its fragment,
// because browsers do not send the fragment to servers. The page removes the fragment before it
// does anything else.

const key = 'device-trace.token';

const stores = { tab: () => sessionStorage, browser: () => localStorage };

function read(store) {
  try {
    return stores[store]().getItem(key) ?? '';
  } catch {
    return '';
  }
}

function write(store, value) {
  try {
    if (value) stores[store]().setItem(key, value);
    else stores[store]().removeItem(key);
  } catch {
    // The browser does not allow storage, but the token in memory works until the page is closed.
  }
}

let current = read('tab') || read('browser');

export const token = () => current;

// isRemembered reports whether the browser keeps the token beyond this tab.
export const isRemembered = () => read('browser') !== '';

export function keepToken(value, remember) {
  current = value;
  write('tab', value);
  write('browser', remember ? value : '');
}

// takeTokenFromFragment stores the token from a fragment of the form #token=…. It then removes the
// fragment from the URL and the browser history. It reports whether the fragment contained a token.
export function takeTokenFromFragment() {
  const value = new URLSearchParams(location.hash.slice(1)).get('token');
  if (value === null) return false;
  history.replaceState(history.state, '', location.pathname + location.search);
  keepToken(value, isRemembered());
  return true;
}

takeTokenFromFragment();
