// The API of the same origin.

import { token } from './token.js';

// Problem is an answer that is not a success, or none at all (status 0).
export class Problem extends Error {
  constructor(status, code, sentence) {
    super(sentence);
    this.status = status;
    this.code = code;
  }

  // passing: asking again can help.
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  // tooMany: the days that have to be read hold more events than the API can.
  get tooMany() {
    return this.code === 'TooManyEvents';
  }
}

// A token is of visible ASCII characters. No other one can be sent, nor be right.
const sendable = /^[\x21-\x7e]+$/;

// ask gets a path and returns its response, if it is a success. Its errors are
// Problems, or AbortErrors of the signal.
export async function ask(path, parameters, signal) {
  if (!sendable.test(token())) throw new Problem(401, 'NoToken', '');
  const response = await get(`/api/v1/${path}?${new URLSearchParams(parameters)}`, signal);
  if (!response.ok) throw await problemOf(response);
  return response;
}

export async function askJSON(path, parameters, signal) {
  const response = await ask(path, parameters, signal);
  return reached(response.json());
}

const get = (url, signal) => reached(fetch(url, { headers: { Authorization: `Bearer ${token()}` }, credentials: 'omit', signal }));

// reached is a result, or the problem that the network is.
export async function reached(work) {
  try {
    return await work;
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Problem(0, 'Unreachable', '');
  }
}

// A gateway in between may answer with something else than our JSON.
async function problemOf(response) {
  let body = {};
  try {
    body = await response.json();
  } catch {
    // The status says enough.
  }
  return new Problem(response.status, String(body?.code ?? ''), String(body?.error ?? ''));
}
