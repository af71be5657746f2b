// The form in which the user chooses a device and a span.

import { isWhole, joinParts, separator, splitParts } from './clientid.js';
import { plain } from './datum.js';
import { byId, el } from './dom.js';
import { offered } from './instances.js';
import { dayOf, maxLength, spanOf } from './span.js';
import { number, text } from './text.js';
import { date, duration, forField, fromWall, hour, zoneName } from './time.js';

const names = ['instance', 'group', 'device', 'date', 'from', 'to'];
const fields = Object.fromEntries(names.map((name) => [name, () => byId(name)]));
const value = (name) => fields[name]().value;

// filled holds the query that last filled the form, and the resulting values of the fields. A field
// silently drops content that it cannot hold, such as a line break or milliseconds. Therefore, the
// form uses the value from the query as long as the field is unchanged.
let filled = {};

function client() {
  const [group, device] = [value('group'), value('device')];
  if (group === filled.group && device === filled.device) return filled.query.client;
  return isWhole(group, device) ? device : joinParts(group, device);
}

const range = () => byId('query').elements.range.value;

// instant returns the time in the field with the given name, "from" or "to". It returns null if the
// field contains no valid time. If the field is unchanged, it returns the time from the query,
// because the field does not hold milliseconds.
const instant = (name) => (value(name) === filled[name] ? filled.query[name] : fromWall(value(name)));

const chosenSpan = () => spanOf({ range: range(), date: value('date'), from: instant('from'), to: instant('to') }, Date.now());

// setUpForm adds listeners to the form. When the user submits a valid form, onSearch is called with
// the query and the chosen range, { range, date }. When the instance field gets the focus,
// onInstance is called.
export function setUpForm(onSearch, onInstance) {
  byId('query').addEventListener('submit', (event) => {
    event.preventDefault();
    const query = readForm();
    if (query) onSearch(query, { range: range(), date: value('date') });
  });
  byId('query').addEventListener('change', (event) => {
    if (event.target.name === 'range') showTimes(true);
    warnOfSpan();
  });
  byId('unfold').addEventListener('click', () => {
    fold(false);
    fields.device().focus();
  });
  fields.instance().addEventListener('focus', onInstance);
  fields.instance().addEventListener('input', () => offerInstances());
  fields.device().addEventListener('paste', splitPasted);
  fields.device().addEventListener('input', noteSpaces);
  for (const name of names) fields[name]().addEventListener('input', clearFault);
}

// splitPasted fills the group and device fields from a pasted client identifier. It does so only if
// the identifier contains the separator and replaces the entire content of the device field.
function splitPasted(event) {
  const pasted = event.clipboardData?.getData('text').replace(/[\r\n]+/g, '') ?? '';
  const { selectionStart, selectionEnd } = event.target;
  const replacesAll = selectionStart === 0 && selectionEnd === event.target.value.length;
  if (!pasted.includes(separator) || !replacesAll) return;
  event.preventDefault();
  [fields.group().value, fields.device().value] = splitParts(pasted);
  noteSpaces();
}

// noteSpaces shows a note if the value of the device field begins or ends with spaces. Such spaces
// are part of the identifier, and they are easily pasted by mistake.
function noteSpaces() {
  const device = value('device');
  byId('device-note').hidden = device === device.trim();
  byId('device-note').textContent = text('form.spaces');
}

// fillForm shows a query in the form. If the user chose a range, choice is that range, { range,
// date }, and the form shows it. If choice is null, the form shows the query's span, either as a
// date if it is exactly one day, or as two instants.
export function fillForm(query, choice) {
  const [group, device] = splitParts(query.client);
  fields.instance().value = query.instance;
  fields.group().value = group;
  fields.device().value = device;
  byId('query').elements.range.value = choice?.range ?? (dayOf(query) ? 'date' : 'custom');
  fields.date().value = choice?.date || date(query.from);
  fields.from().value = forField(query.from);
  fields.to().value = forField(query.to);
  filled = { query, ...Object.fromEntries(['group', 'device', 'from', 'to'].map((name) => [name, value(name)])) };
  noteSpaces();
  showTimes(false);
  clearFault();
}

// fold(true) hides the form on a small screen, so that there is more space for the results.
// fold(false) shows the form again.
export function fold(folded) {
  byId('query').classList.toggle('folded', folded);
}

// refreshForm updates the parts of the form that depend on the language, the time zone and earlier
// queries.
export function refreshForm() {
  byId('times-note').textContent = text('form.zone', { zone: zoneName(Date.now()) });
  offerInstances();
  noteSpaces();
}

// offerInstances updates the list below an instance field. typed is the content of that field.
export function offerInstances(typed = value('instance')) {
  byId('instances').replaceChildren(...offered(typed).map((one) => el('option', { value: one })));
}

const timeFields = { date: ['date'], custom: ['from', 'to'] };

// showTimes shows the time fields for the chosen range. If the user has just chosen this range,
// showTimes also fills the empty ones with initial values.
function showTimes(justChosen) {
  const shown = timeFields[range()] ?? [];
  for (const name of ['date', 'from', 'to']) byId(`${name}-field`).hidden = !shown.includes(name);
  byId('times').hidden = shown.length === 0;
  const now = Date.now();
  if (justChosen && shown.includes('date') && !value('date')) fields.date().value = date(now);
  if (justChosen && shown.includes('from') && !value('from')) {
    fields.from().value = forField(now - hour);
    fields.to().value = forField(now);
  }
  fields.date().max = date(now);
}

// warnOfSpan checks the fields "from" and "to" as soon as both are filled in. If they do not form a
// valid span, it shows a validation error. Otherwise, it clears the previous error.
function warnOfSpan() {
  if (range() !== 'custom' || !value('from') || !value('to')) return;
  const span = chosenSpan();
  if (span.fault) showFault(span);
  else clearFault();
}

// readForm returns the query. If the form is invalid, readForm shows what is wrong and returns
// null.
function readForm() {
  clearFault();
  if (!value('instance')) return refuse({ fault: 'fault.instance', field: 'instance' });
  if (!value('device')) return refuse({ fault: 'fault.device', field: 'device' });
  const span = chosenSpan();
  if (span.fault) return refuse(span);
  return { instance: value('instance'), client: client(), ...span };
}

// refuse shows a validation error and moves the focus to the invalid field. It always returns null,
// so that callers can return its result.
export function refuse(fault) {
  showFault(fault);
  fields[fault.field]().focus();
  return null;
}

// showFault marks a field as invalid and shows the message with the given key. If the fault is an
// invalid time in the URL, words holds the text of that time.
function showFault({ fault, field, words = '' }) {
  const length = duration(Math.abs(instant('to') - instant('from')));
  byId('query-fault').textContent = text(fault, { length, max: number(maxLength / hour), words: plain(words) });
  byId('query-fault').hidden = false;
  fields[field]().setAttribute('aria-invalid', 'true');
}

function clearFault() {
  byId('query-fault').hidden = true;
  for (const name of names) fields[name]().removeAttribute('aria-invalid');
}
