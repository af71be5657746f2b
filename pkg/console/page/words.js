// The legend of the words in the table of events.

import { el } from './dom.js';
import { icon } from './icons.js';
import { kindOfWord } from './kinds.js';
import { text } from './text.js';
import { actions, infoLabel, infoMeaning, infos } from './vocabulary.js';

// wordLegend returns a collapsed legend. It lists the three actions with their meanings and
// lifecycle stages, and every action_info with its meaning, including the empty one.
export function wordLegend() {
  return el('details', { class: 'card words' },
    el('summary', {}, icon('chevron'), el('h2', { class: 'section-title' }, text('words.title'))),
    grid(['column.action', 'words.stage', 'words.meaning'], actions.map(actionRow)),
    grid(['column.info', 'words.meaning'], [...infos, ''].map(infoRow)));
}

function grid(heads, rows) {
  return el('div', { class: 'scroll' }, el('table', { class: 'grid' },
    el('thead', {}, el('tr', {}, heads.map((key) => el('th', { scope: 'col' }, text(key))))),
    el('tbody', {}, rows)));
}

const word = (...content) => el('th', { scope: 'row' }, content);

function actionRow(action) {
  return el('tr', {},
    word(el('span', { class: `action action-${action}` }, action)),
    el('td', {}, text(`stage.${action}`)),
    el('td', {}, text(`action.${action}`)));
}

function infoRow(info) {
  return el('tr', { class: `kind-${kindOfWord(info)}` },
    word(el('span', { class: 'dot', 'aria-hidden': 'true' }), infoLabel({ action_info: info })),
    el('td', {}, infoMeaning(info)));
}
