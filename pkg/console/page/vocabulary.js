// The words that the API uses for the events of a connection, as ApsaraMQ defines them.

import { text } from './text.js';

export const actions = ['connect', 'close', 'disconnect'];

export const infos = [
  'accepted', 'not authorized', 'topic auth failed', 'clientId conflict', 'no heart', 'closed by client',
  'disconnected by client', 'ServerShutdown', 'invalid param', 'Socket IOException',
];

// unexplained is the value of the API parameter action_info that selects events with an empty
// action_info.
export const unexplained = 'unexplained';

export const infoFilters = [...infos, unexplained];

// filterLabel returns one of infoFilters as the page shows it. The label for unexplained covers both
// labels that infoLabel gives to an empty action_info.
export const filterLabel = (filter) => (filter === unexplained ? text('kind.unknown') : filter);

// infoLabel returns the action_info of an event as the page shows it. If action_info is empty, the
// label says whether the source gave no reason or one that does not show the cause.
export const infoLabel = ({ action_info: info, native_reason: native }) => info || text(native ? 'info.unclear' : 'info.none');

// infoMeaning returns a sentence that explains an action_info.
export const infoMeaning = (info) => text(info ? `info.${info}` : 'info.unexplained');

// actionMeaning returns what an action means and which stage of a connection it belongs to.
export const actionMeaning = (action) => text('action.meaning', { stage: text(`stage.${action}`), meaning: text(`action.${action}`) });
