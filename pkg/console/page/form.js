// The form: which device, and which span.

import { halves, joined } from './address.js';
import { plain } from './datum.js';
import { byId, el } from './dom.js';
import { instances } from './preferences.js';
import { dayOf, longest, spanOf } from './span.js';
import { number, text } from './text.js';
import { date, duration, forField, fromWall, hour, zoneName } from './time.js';

const fields = ['instance', 'group', 'device', 'date', 'from', 'to'];
const get = Object.fromEntries(fields.map((name) => [name, () => byId(name)]));
const value = (name) => get[name]().value;

// What a field cannot hold, such as a line break or a millisecond, it changes
// silently. As long as nobody edits it, what was asked for counts: here by field,
// with what the field made of it.
let asked = {};

function client() {
  const [group, device] = [value('group'), value('device')];
  if (group === asked.group && device === asked.device) return asked.query.client;
  // Whoever types a whole client identifier means it.
  return device.startsWith(`${group}@@@`) ? device : joined(group, device);
}

const range = () => byId('query').elements.range.value;

// instant is what from or to say; null for nothing.
const instant = (name) => (value(name) === asked[name] ? asked.query[name] : fromWall(value(name)));

const chosen = () => spanOf({ range: range(), date: value('date'), from: instant('from'), to: instant('to') }, Date.now());

// form calls onSearch with { instance, client, from, to } and { range, date }.
export function form(onSearch) {
  byId('query').addEventListener('submit', (event) => {
    event.preventDefault();
    const query = check();
    if (query) onSearch(query, { range: range(), date: value('date') });
  });
  byId('query').addEventListener('change', (event) => {
    if (event.target.name === 'range') showTimes(true);
    warn();
  });
  byId('unfold').addEventListener('click', () => {
    fold(false);
    get.device().focus();
  });
  get.device().addEventListener('paste', (event) => split(event));
  get.device().addEventListener('input', noteSpaces);
  for (const name of fields) get[name]().addEventListener('input', () => clear());
}

// split fills both fields from a whole client identifier that is pasted over all of the device.
function split(event) {
  const pasted = event.clipboardData?.getData('text').replace(/[\r\n]+/g, '') ?? '';
  const { selectionStart, selectionEnd } = event.target;
  const replaces = selectionStart === 0 && selectionEnd === event.target.value.length;
  if (!pasted.includes('@@@') || !replaces) return;
  event.preventDefault();
  [get.group().value, get.device().value] = halves(pasted);
  noteSpaces();
}

// noteSpaces tells of spaces that are easily pasted and belong to the identifier.
function noteSpaces() {
  const device = value('device');
  byId('device-note').hidden = device === device.trim();
  byId('device-note').textContent = text('form.spaces');
}

// fill shows what is asked for.
export function fill(query, preset) {
  const [group, device] = halves(query.client);
  get.instance().value = query.instance;
  get.group().value = group;
  get.device().value = device;
  byId('query').elements.range.value = preset?.range ?? (dayOf(query) ? 'date' : 'custom');
  get.date().value = preset?.date || date(query.from);
  get.from().value = forField(query.from);
  get.to().value = forField(query.to);
  asked = { query, ...Object.fromEntries(['group', 'device', 'from', 'to'].map((name) => [name, value(name)])) };
  noteSpaces();
  showTimes(false);
  clear();
}

// fold hides the form on a small screen, in favour of what it found.
export function fold(folded) {
  byId('query').classList.toggle('folded', folded);
}

// refresh writes what depends on language and zone.
export function refresh() {
  byId('times-note').textContent = text('form.zone', { zone: zoneName(Date.now()) });
  byId('instances').replaceChildren(...instances().map((one) => el('option', { value: one })));
  noteSpaces();
}

const timesOf = { date: ['date'], custom: ['from', 'to'] };

// showTimes shows the fields of the chosen range; a beginning helps whoever just chose it.
function showTimes(justChosen) {
  const shown = timesOf[range()] ?? [];
  for (const name of ['date', 'from', 'to']) byId(`${name}-field`).hidden = !shown.includes(name);
  byId('times').hidden = shown.length === 0;
  const now = Date.now();
  if (justChosen && shown.includes('date') && !value('date')) get.date().value = date(now);
  if (justChosen && shown.includes('from') && !value('from')) {
    get.from().value = forField(now - hour);
    get.to().value = forField(now);
  }
  get.date().max = date(now);
}

// warn tells of a span that is too long as soon as it is chosen.
function warn() {
  if (range() !== 'custom' || !value('from') || !value('to')) return;
  const span = chosen();
  if (span.fault) show(span);
  else clear();
}

function check() {
  clear();
  if (!value('instance')) return refuse({ fault: 'fault.instance', field: 'instance' });
  if (!value('device')) return refuse({ fault: 'fault.device', field: 'device' });
  const span = chosen();
  if (span.fault) return refuse(span);
  return { instance: value('instance'), client: client(), ...span };
}

// refuse says what is wrong, and goes there.
export function refuse(fault) {
  show(fault);
  get[fault.field]().focus();
  return null;
}

// show says what is wrong. words are of the address, and any.
function show({ fault, field, words = '' }) {
  const length = duration(Math.abs(instant('to') - instant('from')));
  byId('query-fault').textContent = text(fault, { length, most: number(longest / hour), words: plain(words) });
  byId('query-fault').hidden = false;
  get[field]().setAttribute('aria-invalid', 'true');
}

function clear() {
  byId('query-fault').hidden = true;
  for (const name of fields) get[name]().removeAttribute('aria-invalid');
}
