// The words that the API uses for the events of a connection, as ApsaraMQ defines them.

import { text } from './text.js';

export const actions = ['connect', 'close', 'disconnect'];

export const infos = [
  'accepted', 'not authorized', 'topic auth failed', 'clientId conflict', 'no heart', 'closed by client',
  'disconnected by client', 'ServerShutdown', 'invalid param', 'Socket IOException',
];

// unexplained is the value of the API's parameter action_info that selects the events with an empty
// action_info.
export const unexplained = 'unexplained';

export const infoFilters = [...infos, unexplained];

// filterLabel returns one of infoFilters as the page shows it.
export const filterLabel = (filter) => infoLabel(filter === unexplained ? '' : filter);

// infoLabel returns an action_info as the page shows it. An event without a known reason has an
// empty action_info.
export const infoLabel = (info) => info || text('kind.unknown');

// infoMeaning returns a sentence that explains an action_info.
export const infoMeaning = (info) => text(info ? `info.${info}` : 'info.unexplained');

// actionMeaning returns what an action means and which stage of a connection it belongs to.
export const actionMeaning = (action) => text('action.meaning', { stage: text(`stage.${action}`), meaning: text(`action.${action}`) });
