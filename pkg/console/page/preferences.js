// The viewer's choices, which the browser remembers. If the browser stores nothing, as in some
// private windows, each visit begins with the defaults.

const prefix = 'device-trace.';

function recall(name) {
  try {
    return localStorage.getItem(prefix + name);
  } catch {
    return null;
  }
}

function remember(name, value) {
  try {
    localStorage.setItem(prefix + name, value);
  } catch {
    // The browser stores nothing, so the choice lasts only until the page is closed.
  }
}

// tabStore keeps the choices of a link until the tab is closed. If the browser refuses to store them,
// they last until the page is loaded again.
const tabStore = {
  get(name) {
    try {
      return sessionStorage.getItem(prefix + name);
    } catch {
      return this[name] ?? null;
    }
  },
  set(name, value) {
    try {
      if (value === null) sessionStorage.removeItem(prefix + name);
      else sessionStorage.setItem(prefix + name, value);
    } catch {
      this[name] = value;
    }
  },
};

const preferredLanguage = () => (navigator.languages.find((tag) => /^(en|zh)\b/i.test(tag)) ?? 'en').slice(0, 2).toLowerCase();

const choices = {
  lang: { values: ['en', 'zh'], initial: preferredLanguage },
  theme: { values: ['auto', 'light', 'dark'], initial: () => 'auto' },
  zone: { values: ['local', 'utc'], initial: () => 'local' },
  order: { values: ['desc', 'asc'], initial: () => 'desc' },
};

// Parameters with which a link can choose a language and a time zone. They apply only to this tab, and
// the browser does not remember them for later visits.
const linked = ['lang', 'zone'];

// takeFromLink stores, for this tab, the language and the time zone that the URL chooses, and removes them
// from the URL.
function takeFromLink() {
  const parameters = new URLSearchParams(location.search);
  for (const name of linked.filter((one) => parameters.has(one))) {
    tabStore.set(name, parameters.get(name));
    parameters.delete(name);
    const search = parameters.size ? `?${parameters}` : '';
    history.replaceState(history.state, '', location.pathname + search + location.hash);
  }
}

takeFromLink();

export const preferences = {};
for (const [name, { values, initial }] of Object.entries(choices)) {
  preferences[name] = [tabStore.get(name), recall(name)].find((one) => values.includes(one)) ?? initial();
}

export function setPreference(name, value) {
  preferences[name] = value;
  remember(name, value);
  tabStore.set(name, null);
}

const maxInstances = 12;

// recentInstances returns the recently queried instances, the most recent one first.
export function recentInstances() {
  try {
    const stored = JSON.parse(recall('instances'));
    return Array.isArray(stored) ? stored.filter((one) => typeof one === 'string') : [];
  } catch {
    return [];
  }
}

export function rememberInstance(instance) {
  const all = [instance, ...recentInstances().filter((one) => one !== instance)];
  remember('instances', JSON.stringify(all.slice(0, maxInstances)));
}
