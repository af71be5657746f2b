// The token of the API. It is kept for this tab, or by the browser if the user says
// so, and never stands in an address but as a fragment, which no server is sent and
// which is removed before anything else happens.

const key = 'device-trace.token';

const stores = { tab: () => sessionStorage, browser: () => localStorage };

function from(store) {
  try {
    return stores[store]().getItem(key) ?? '';
  } catch {
    return '';
  }
}

function put(store, value) {
  try {
    if (value) stores[store]().setItem(key, value);
    else stores[store]().removeItem(key);
  } catch {
    // The copy in memory is what counts.
  }
}

let current = from('tab') || from('browser');

export const token = () => current;

// remembered reports whether the browser keeps the token beyond this tab.
export const remembered = () => from('browser') !== '';

export function keepToken(value, remember) {
  current = value;
  put('tab', value);
  put('browser', remember ? value : '');
}

// takeTokenFromFragment reads #token=… and removes it from the address and the history.
// It reports whether there was one.
export function takeTokenFromFragment() {
  const value = new URLSearchParams(location.hash.slice(1)).get('token');
  if (value === null) return false;
  history.replaceState(history.state, '', location.pathname + location.search);
  keepToken(value, remembered());
  return true;
}

takeTokenFromFragment();
