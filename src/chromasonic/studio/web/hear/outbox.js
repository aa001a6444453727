/** Votes on their way: kept in this browser until the server says that it has them. */

/** What the server said instead of what was asked for. */
export class Refusal extends Error {
  constructor(status, words) {
    super(words);
    this.status = status;
  }
}

const PATIENCE_MS = 15_000; // then a connection counts as none; a vote that arrived all the same is stored once
const LONGEST_MS = 60 * 24 * 3600 * 1000;

/** No answer, or one that says: later. */
export class Unreachable extends Error {}

/**
 * Ask the server.
 * @param {string} path
 * @param {object} [body] sent as JSON; left out: it is a question
 */
export async function ask(path, body) {
  let answer;
  try {
    answer = await fetch(path, {
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.timeout(PATIENCE_MS),
      ...(body && {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body)}),
    });
  } catch {
    throw new Unreachable('There is no connection.');
  }
  const told = await answer.json().catch(() => ({}));
  if (answer.status === 429 || answer.status >= 500) throw new Unreachable(told.error ?? 'The server is busy.');
  if (!answer.ok) throw new Refusal(answer.status, told.error ?? `The server refused this (${answer.status}).`);
  return told;
}

/** Votes that wait to be sent, in the order in which they were given. */
export class Outbox {
  /** @param {string} key of the test */
  constructor(key) {
    this.store = `chromasonic-hear-${key}`;
    this.path = `/api/hear/${key}/votes`;
    this.held = [];
  }

  /** The votes that wait. */
  get waiting() {
    try {
      const kept = JSON.parse(localStorage.getItem(this.store));
      return kept ? [kept].flat() : this.held;
    } catch {
      return this.held;
    }
  }

  set waiting(votes) {
    this.held = votes;
    try {
      if (votes.length) localStorage.setItem(this.store, JSON.stringify(votes));
      else localStorage.removeItem(this.store);
    } catch { /* a browser that keeps nothing: they wait in this page */ }
  }

  /** Whether a vote on a pair waits. */
  has(token) {
    return this.waiting.some((one) => one.token === token);
  }

  /** Keep a vote, whatever happens next. */
  keep(vote) {
    this.waiting = [...this.waiting.filter((one) => one.token !== vote.token), {...vote, at: Date.now()}];
  }

  /**
   * Send the vote that has waited longest.
   * @param {number} moment by this browser's clock, the same for votes that are sent one after the
   *   other: a slow answer to the first must not bring it nearer to the second
   * @returns {Promise<object>} how the test stands now
   * @throws {Unreachable} it still waits
   * @throws {Refusal} the server has its reasons; it waits no more
   */
  async send(moment) {
    const [{at, ...vote}] = this.waiting;
    const waited = Math.min(LONGEST_MS, Math.max(0, moment - (at ?? moment)));
    try {
      const told = await ask(this.path, {...vote, waited_ms: Math.round(waited)});
      this.forget(vote.token);
      return told;
    } catch (error) {
      if (error instanceof Refusal) this.forget(vote.token);
      throw error;
    }
  }

  forget(token) {
    this.waiting = this.waiting.filter((one) => one.token !== token);
  }
}
