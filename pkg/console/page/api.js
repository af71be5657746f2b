// Requests to the API, which has the same origin as the page.

import { token } from './token.js';

// APIError is a failed API request. status is the HTTP status, or 0 if there was no response.
export class APIError extends Error {
  constructor(status, code, sentence) {
    super(sentence);
    this.status = status;
    this.code = code;
  }

  // isTemporary reports whether the same request may succeed later.
  get isTemporary() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

// A token consists of visible ASCII characters. Anything else cannot be sent, and is treated as a
// rejected token.
const validToken = /^[\x21-\x7e]+$/;

// get requests an API path and returns the response. It throws an APIError if the request does not
// succeed, and an AbortError if the signal aborts the request.
async function get(path, parameters, signal) {
  if (!validToken.test(token())) throw new APIError(401, token() ? 'InvalidToken' : 'NoToken', '');
  const headers = { Authorization: `Bearer ${token()}` };
  const url = `/api/v1/${path}?${new URLSearchParams(parameters)}`;
  const response = await orUnreachable(fetch(url, { headers, credentials: 'omit', signal }));
  if (!response.ok) throw await errorOf(response);
  return response;
}

export async function getJSON(path, parameters, signal) {
  const response = await get(path, parameters, signal);
  return orUnreachable(response.json());
}

export async function getText(path, parameters, signal) {
  const response = await get(path, parameters, signal);
  return { text: await orUnreachable(response.text()), headers: response.headers };
}

// orUnreachable awaits a promise and converts a network error to an APIError.
async function orUnreachable(work) {
  try {
    return await work;
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new APIError(0, 'Unreachable', '');
  }
}

// errorOf returns the APIError for a response. The response might come from a gateway instead of
// the API, so its body might not be the API's JSON.
async function errorOf(response) {
  let body = {};
  try {
    body = await response.json();
  } catch {
    // The body is not JSON, so the error has only a status.
  }
  return new APIError(response.status, String(body?.code ?? ''), String(body?.error ?? ''));
}
