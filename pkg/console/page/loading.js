// Results that the page fetches after the main results.

import { APIError } from './api.js';

// Loading holds the state of results that may still be loading. Subclasses call change to set what
// they fetched. isLoading reports whether a request is running. error holds the error of the last
// request, or null.
export class Loading {
  constructor() {
    Object.assign(this, { loading: null, error: null, watchers: [] });
  }

  get isLoading() {
    return this.loading !== null;
  }

  // fetchWith calls fetch with a signal and passes its result to take. It first aborts the previous
  // request of this object, so that an older response never replaces a newer one. If the given
  // signal aborts the request, fetchWith changes neither the result nor error.
  async fetchWith(signal, fetch, take) {
    this.abort();
    const loading = new AbortController();
    const either = AbortSignal.any([signal, loading.signal]);
    this.change({ loading, error: null });
    try {
      const answer = await fetch(either);
      if (!either.aborted) take(answer);
    } catch (error) {
      if (either.aborted) return;
      if (!(error instanceof APIError)) throw error;
      this.error = error;
    } finally {
      if (this.loading === loading) this.change({ loading: null });
    }
  }

  abort() {
    this.loading?.abort();
  }

  change(values) {
    Object.assign(this, values);
    for (const watcher of this.watchers) watcher();
  }

  // watch calls show now and after each change.
  watch(show) {
    this.watchers.push(show);
    show();
  }

  // unwatch removes all functions that watch has added. It is called when the page no longer
  // contains the elements that these functions update.
  unwatch() {
    this.watchers = [];
  }
}
