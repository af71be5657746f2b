// The words of ApsaraMQ for what happens to a connection, as the API sends them.

export const actions = ['connect', 'close', 'disconnect'];

export const infos = [
  'accepted', 'not authorized', 'topic auth failed', 'clientId conflict', 'no heart', 'closed by client',
  'disconnected by client', 'ServerShutdown', 'invalid param', 'Socket IOException',
];
