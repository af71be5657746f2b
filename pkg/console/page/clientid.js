// A client identifier of ApsaraMQ has two parts: Group ID and Device ID.

export const separator = '@@@';

export const joinParts = (group, device) => (group ? group + separator + device : device);

// splitParts cuts at the first separator. It does not split "@@@d", because an empty group
// would be lost when the parts are joined again.
export function splitParts(client) {
  const at = client.indexOf(separator);
  return at <= 0 ? ['', client] : [client.slice(0, at), client.slice(at + separator.length)];
}

// isWhole reports whether a Device ID already contains its group.
export const isWhole = (group, device) => device.startsWith(group + separator);
