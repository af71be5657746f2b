// What the viewer chose, remembered by the browser. A browser that keeps nothing
// (private windows may refuse) gets the defaults each time.

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
    // It is good for this page only.
  }
}

const choices = {
  lang: { values: ['en', 'zh'], preset: () => (navigator.languages.find((tag) => /^(en|zh)\b/i.test(tag)) ?? 'en').slice(0, 2).toLowerCase() },
  theme: { values: ['auto', 'light', 'dark'], preset: () => 'auto' },
  zone: { values: ['local', 'utc'], preset: () => 'local' },
  order: { values: ['desc', 'asc'], preset: () => 'desc' },
};

export const preferences = {};
for (const [name, { values, preset }] of Object.entries(choices)) {
  const kept = recall(name);
  preferences[name] = values.includes(kept) ? kept : preset();
}

export function prefer(name, value) {
  preferences[name] = value;
  remember(name, value);
}

// The newest first, at most this many.
const mostInstances = 12;

export function instances() {
  try {
    const kept = JSON.parse(recall('instances'));
    return Array.isArray(kept) ? kept.filter((one) => typeof one === 'string') : [];
  } catch {
    return [];
  }
}

export function rememberInstance(instance) {
  const all = [instance, ...instances().filter((one) => one !== instance)];
  remember('instances', JSON.stringify(all.slice(0, mostInstances)));
}
