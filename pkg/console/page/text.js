// The page's messages in the viewer's language. If a message is missing, its key appears instead.

import en from './en.js';
import zh from './zh.js';
import { preferences } from './preferences.js';

const languages = { en, zh };

// text returns the message for key. It replaces each {placeholder} with the string of that name in
// values.
export function text(key, values = {}) {
  return phrase(key, values).join('');
}

// phrase returns the message for key as a list of parts. values holds a string or a node for each
// placeholder.
export function phrase(key, values = {}) {
  const template = languages[preferences.lang][key] ?? key;
  return template.split(/\{(\w+)\}/).map((part, i) => (i % 2 ? values[part] : part));
}

// number formats a number in the style of the viewer's language.
export function number(value, options) {
  return new Intl.NumberFormat(preferences.lang, options).format(value);
}

// bytes formats a size in bytes with decimal units.
export function bytes(size) {
  if (size < 1000) return `${number(size)} B`;
  if (size < 1e6) return `${number(size / 1e3, { maximumFractionDigits: 1 })} kB`;
  return `${number(size / 1e6, { maximumFractionDigits: 1 })} MB`;
}

// attributes maps the name of each data attribute to the name of the attribute that gets the
// message. The data attribute's value is the key of the message.
const attributes = { 'data-text-label': 'aria-label', 'data-text-title': 'title' };

// translate puts the messages into index.html. The data attributes of an element hold the keys of
// its messages. The message for data-text becomes the element's content. The messages for
// data-text-label and data-text-title become the element's aria-label and title.
export function translate(root) {
  for (const node of root.querySelectorAll('[data-text]')) node.textContent = text(node.dataset.text);
  for (const [marker, attribute] of Object.entries(attributes)) {
    for (const node of root.querySelectorAll(`[${marker}]`)) node.setAttribute(attribute, text(node.getAttribute(marker)));
  }
  document.documentElement.lang = preferences.lang === 'zh' ? 'zh-Hans' : 'en';
}
