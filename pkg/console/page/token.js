// The token for the API. It is kept for this tab or, if the user asks for it, by the
// browser. In a URL it only occurs in the fragment, which browsers do not send to servers,
// and which is removed before anything else happens.

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
    // The copy in memory remains.
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

// takeTokenFromFragment reads #token=… and removes it from the URL and the history. It
// reports whether there was a token.
export function takeTokenFromFragment() {
  const value = new URLSearchParams(location.hash.slice(1)).get('token');
  if (value === null) return false;
  history.replaceState(history.state, '', location.pathname + location.search);
  keepToken(value, isRemembered());
  return true;
}

takeTokenFromFragment();
