// Whom a drop or a refused login hit: this device alone, a node, a network or the fleet.

import { timestamp } from './address.js';
import { getJSON } from './api.js';
import { Loading } from './loading.js';
import { preferences } from './preferences.js';
import { inZone, momentsIn } from './time.js';

// Scope holds one question, { instance, client, at, of }, and the response to it. client is "" if
// the question is about an instant alone. asked is null if there is no question. answer is null
// until the response arrives. Scope keeps earlier responses, so that the user can return to them
// without another request.
export class Scope extends Loading {
  constructor() {
    super();
    Object.assign(this, { asked: null, answer: null, answers: new Map(), receipts: [] });
  }

  // ask sets the question. It fetches the response unless it already has it or is fetching it.
  ask(asked, signal) {
    const key = JSON.stringify(asked);
    if (key === JSON.stringify(this.asked) && (this.answer || this.isLoading)) return null;
    this.abort();
    this.change({ asked, answer: this.answers.get(key) ?? null, loading: null, error: null });
    if (!asked || this.answer) return null;
    return this.fetchWith(signal, (either) => getJSON('scope', parametersOf(asked), either), (answer) => {
      this.answers.set(key, answer);
      this.answer = answer;
      this.receipts.push(answer.receipt);
    });
  }
}

const parametersOf = ({ instance, client, at, of }) => ({
  instance, ...(client ? { client } : {}), at: timestamp(at), ...(of ? { of } : {}), lang: preferences.lang,
});

// scopeSentence returns the title or the text of a response, with its times in the displayed zone.
// name is "title" or "text".
export function scopeSentence(answer, name) {
  const { by_node: nodes, by_network: networks, devices } = answer;
  return inZone(answer[name], momentsIn(JSON.stringify([answer.name, nodes, networks, devices])));
}
