/** Runs with their curves: fetched once, followed by events while they are trained. */
import {call} from '../kit/api.js';

export class Runs extends EventTarget {
  #runs = new Map();
  #streams = new Map();

  /** What is known of a run; fetched where it is not yet. */
  async load(id, {again = false} = {}) {
    if (again || !this.#runs.has(id)) this.#runs.set(id, await call(`/api/train/runs/${id}`));
    const run = this.#runs.get(id);
    if (run.is_live) this.follow(id);
    return run;
  }

  get(id) {
    return this.#runs.get(id);
  }

  /** Take over what the list says; a run that began again is fetched and followed again. */
  tell(summaries) {
    for (const one of summaries) {
      const known = this.#runs.get(one.id);
      if (!known) continue;
      if (this.#streams.has(one.id)) Object.assign(known, one, {state: known.state});
      // Nobody followed it: what it learned meanwhile is fetched when it is looked at again.
      else if (known.is_live || one.is_live) this.#runs.delete(one.id);
      else Object.assign(known, one);
    }
  }

  /** Follow a training to its end; the browser comes back by itself where the line breaks. */
  follow(id) {
    if (this.#streams.has(id)) return;
    const stream = new EventSource(`/api/train/runs/${id}/events`);
    this.#streams.set(id, stream);
    stream.onmessage = ({data}) => {
      const isOver = this.#take(id, JSON.parse(data));
      if (isOver) this.leave(id);
      this.dispatchEvent(new CustomEvent('change', {detail: id}));
      if (isOver) this.dispatchEvent(new CustomEvent('over', {detail: id}));
    };
    stream.onerror = () => stream.readyState === EventSource.CLOSED && this.leave(id);
  }

  leave(id) {
    this.#streams.get(id)?.close();
    this.#streams.delete(id);
  }

  /** Follow these and no others. */
  only(ids) {
    for (const id of [...this.#streams.keys()]) if (!ids.includes(id)) this.leave(id);
  }

  #take(id, {state, curves, reading}) {
    const run = this.#runs.get(id);
    if (!run) return true;
    run.state = state;
    run.reading = reading;
    run.curves = curves.map(({from, epochs, ...rest}) => {
      const before = run.curves.find((one) => one.key === rest.key)?.epochs ?? [];
      return {...rest, epochs: [...before.slice(0, from), ...epochs]};
    });
    const isLive = ['queued', 'starting', 'running', 'stopping'].includes(state.state);
    run.is_live = isLive;
    return !isLive;
  }
}
