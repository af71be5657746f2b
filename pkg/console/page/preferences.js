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

const preferredLanguage = () => (navigator.languages.find((tag) => /^(en|zh)\b/i.test(tag)) ?? 'en').slice(0, 2).toLowerCase();

const choices = {
  lang: { values: ['en', 'zh'], initial: preferredLanguage },
  theme: { values: ['auto', 'light', 'dark'], initial: () => 'auto' },
  zone: { values: ['local', 'utc'], initial: () => 'local' },
  order: { values: ['desc', 'asc'], initial: () => 'desc' },
};

export const preferences = {};
for (const [name, { values, initial }] of Object.entries(choices)) {
  const stored = recall(name);
  preferences[name] = values.includes(stored) ? stored : initial();
}

export function setPreference(name, value) {
  preferences[name] = value;
  remember(name, value);
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
