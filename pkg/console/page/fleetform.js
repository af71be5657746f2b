// The form of the fleet's view: the instance, the day, and the text to find devices by.

import { plain } from './datum.js';
import { byId } from './dom.js';
import { parseDay } from './fleetaddress.js';
import { offerInstances } from './form.js';
import { text } from './text.js';
import { day, utcDate, utcDayOf } from './time.js';

const instance = () => byId('fleet-instance');
const field = () => byId('fleet-day');
const words = () => byId('finder-text');

// setUpFleetForm adds listeners to the form. It calls onShow with the instance and the day that the
// user chose, onFind with the instance, the day and the text to find devices by, and onInstance
// when the instance field gets the focus.
export function setUpFleetForm({ onShow, onFind, onInstance }) {
  const submit = (act) => (event) => {
    event.preventDefault();
    const chosen = readForm();
    if (chosen) act(chosen);
  };
  byId('fleet-form').addEventListener('submit', submit(onShow));
  byId('finder').addEventListener('submit', submit((chosen) => onFind({ ...chosen, text: words().value })));
  byId('day-earlier').addEventListener('click', () => step(-1, onShow));
  byId('day-later').addEventListener('click', () => step(1, onShow));
  instance().addEventListener('focus', onInstance);
  for (const one of [instance(), field()]) one.addEventListener('input', clearFault);
  instance().addEventListener('input', () => offerInstances(instance().value));
}

function step(by, onShow) {
  const chosen = readForm();
  if (chosen) onShow({ ...chosen, day: Math.min(chosen.day + by * day, utcDayOf(Date.now())) });
}

// readForm returns the instance and the day. If one of them is missing, it shows what is wrong and
// returns null.
function readForm() {
  clearFault();
  const first = parseDay(field().value);
  if (!instance().value) return refuse('fault.instance', instance());
  if (Number.isNaN(first)) return refuse('fault.date', field());
  if (first > Date.now()) return refuse('fleet.fault.future', field());
  return { instance: instance().value, day: first };
}

function refuse(key, where) {
  showFault(key);
  where.setAttribute('aria-invalid', 'true');
  where.focus();
  return null;
}

// showFault shows a message about the form or the URL. part is the part of the URL that is wrong.
export function showFault(key, part = '') {
  byId('fleet-fault').textContent = text(key, { words: plain(part) });
  byId('fleet-fault').hidden = false;
}

function clearFault() {
  byId('fleet-fault').hidden = true;
  for (const one of [instance(), field()]) one.removeAttribute('aria-invalid');
}

// fillFleetForm fills the form with a query.
export function fillFleetForm(query) {
  const today = utcDayOf(Date.now());
  instance().value = query.instance;
  field().value = utcDate(query.day);
  field().max = utcDate(today);
  showLater(query.day < today);
  words().value = query.text;
  clearFault();
}

// showLater enables or disables the button for the next day. If it is disabled while it has the
// focus, the button for the day before gets the focus.
function showLater(isEnabled) {
  const later = byId('day-later');
  const isFocused = document.activeElement === later;
  later.disabled = !isEnabled;
  if (isFocused && !isEnabled) byId('day-earlier').focus();
}
