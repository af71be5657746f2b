// A client identifier of ApsaraMQ consists of a Group ID, the separator and a Device ID.

export const separator = '@@@';

export const joinParts = (group, device) => (group ? group + separator + device : device);

// splitParts splits a client identifier at the first separator and returns [group, device]. It
// does not split "@@@d", because joinParts would leave out the separator of an empty group.
export function splitParts(client) {
  const at = client.indexOf(separator);
  return at <= 0 ? ['', client] : [client.slice(0, at), client.slice(at + separator.length)];
}

// isWhole reports whether the text in the Device ID field already begins with the group
// and the separator.
export const isWhole = (group, device) => device.startsWith(group + separator);
