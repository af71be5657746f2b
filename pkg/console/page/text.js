// The texts of the page in the viewer's language. A key that is missing shows itself.

import en from './en.js';
import zh from './zh.js';
import { preferences } from './preferences.js';

const languages = { en, zh };

// text is a text with its {placeholders} filled in by strings.
export function text(key, values = {}) {
  return phrase(key, values).join('');
}

// phrase is a text as a list, in which the values for placeholders may be nodes.
export function phrase(key, values = {}) {
  const template = languages[preferences.lang][key] ?? key;
  return template.split(/\{(\w+)\}/).map((part, i) => (i % 2 ? values[part] : part));
}

// number writes a number as the language does.
export function number(value, options) {
  return new Intl.NumberFormat(preferences.lang, options).format(value);
}

// bytes writes a size.
export function bytes(size) {
  if (size < 1000) return `${number(size)} B`;
  if (size < 1e6) return `${number(size / 1e3, { maximumFractionDigits: 1 })} kB`;
  return `${number(size / 1e6, { maximumFractionDigits: 1 })} MB`;
}

// translate fills in the texts of the fixed part of the page: data-text is for the
// content, data-text-<attribute> for an attribute.
export function translate(root) {
  for (const node of root.querySelectorAll('[data-text]')) node.textContent = text(node.dataset.text);
  for (const [name, attribute] of Object.entries({ textLabel: 'aria-label', textTitle: 'title', textPlaceholder: 'placeholder' })) {
    const selector = `[data-${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}]`;
    for (const node of root.querySelectorAll(selector)) node.setAttribute(attribute, text(node.dataset[name]));
  }
  document.documentElement.lang = preferences.lang === 'zh' ? 'zh-Hans' : 'en';
}
