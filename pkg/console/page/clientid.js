// A client identifier of ApsaraMQ consists of a Group ID, the separator and a Device ID.

export const separator = '@@@';

export const joinParts = (group, device) => (group ? group + separator + device : device);

// splitParts splits a client identifier at the first separator and returns [group, device]. If
// there is no separator, the group is empty. But an identifier that begins with the separator, such
// as "@@@d", is not split, because joinParts could not restore the separator.
export function splitParts(client) {
  const at = client.indexOf(separator);
  return at <= 0 ? ['', client] : [client.slice(0, at), client.slice(at + separator.length)];
}

// isWhole reports whether the value of the device field is already a whole client identifier. Such
// an identifier begins with the group and the separator.
export const isWhole = (group, device) => device.startsWith(group + separator);
