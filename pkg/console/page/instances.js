// The instances that the form offers. Recently queried instances come first, then the others from
// the API.

import { getJSON } from './api.js';
import { recentInstances } from './preferences.js';
import { token } from './token.js';

let listed = []; // the instances from the API
let listedFor = ''; // the token for which the instances were requested

// fetchInstances requests the instances that have events and that the token covers. It does nothing
// if it has already requested them with this token. If the request fails, the form still offers the
// recently queried instances, and the next call tries again.
export async function fetchInstances() {
  const asked = token();
  if (!asked || asked === listedFor) return;
  [listed, listedFor] = [[], asked];
  try {
    const { instances } = await getJSON('instances', {});
    if (listedFor === asked) listed = instances;
  } catch {
    if (listedFor === asked) listedFor = '';
  }
}

// listedInstances returns the instances from the API.
export const listedInstances = () => listed;

// onlyInstance returns the instance from the API if there is exactly one, otherwise ''.
export const onlyInstance = () => (listed.length === 1 ? listed[0] : '');

const maxOffered = 100;

// offered returns the instances whose names contain the typed text, but at most maxOffered of them.
export function offered(typed) {
  const words = typed.trim().toLowerCase();
  const all = new Set([...recentInstances(), ...listed]);
  return [...all].filter((one) => one.toLowerCase().includes(words)).slice(0, maxOffered);
}
