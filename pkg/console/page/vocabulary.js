// The words that the API sends for the events of a connection. They come from ApsaraMQ.

export const actions = ['connect', 'close', 'disconnect'];

export const infos = [
  'accepted', 'not authorized', 'topic auth failed', 'clientId conflict', 'no heart', 'closed by client',
  'disconnected by client', 'ServerShutdown', 'invalid param', 'Socket IOException',
];
