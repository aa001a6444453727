/** A recorded movement as the studio gives it to be drawn: landmarks in time. */
import {call, StudioError} from '../kit/api.js';

const FULL = 30_000;
const UNSEEN = -32_768;

/** What was recorded, frame by frame. */
export class Film {
  #told;
  #numbers;

  /** @param {string} piece id of the recording */
  static async of(piece) {
    const told = await call(`/api/pieces/${piece}/film.json`);
    const answer = await fetch(`/api/pieces/${piece}/film.bin`);
    if (!answer.ok) throw new StudioError('The recording is not here (any more).');
    return new Film(told, new DataView(await answer.arrayBuffer()));
  }

  constructor(told, view) {
    this.#told = told;
    this.#numbers = Int16Array.from({length: view.byteLength / 2}, (_, n) => view.getInt16(2 * n, true));
  }

  get seconds() { return this.#told.seconds; }
  get frames() { return this.#told.frames; }
  get nodes() { return this.#told.nodes; }
  get edges() { return this.#told.edges; }
  get dimensions() { return this.#told.dimensions; }
  get isDownwards() { return this.#told.downwards; }
  get told() { return this.#told; }

  /** The frame that is seen at a time. */
  frameAt(seconds) {
    const last = this.frames - 1;
    return Math.max(0, Math.min(last, Math.round((seconds / this.seconds) * last)));
  }

  /** When a frame is seen. */
  secondsOf(frame) {
    return this.frames > 1 ? (frame / (this.frames - 1)) * this.seconds : 0;
  }

  /** A landmark's coordinates, -1 to 1, y upwards; null where it was not seen. */
  point(frame, node) {
    const {dimensions, nodes, downwards} = this.#told;
    const place = (frame * nodes.length + node) * dimensions;
    const point = [];
    for (let axis = 0; axis < dimensions; axis += 1) {
      const value = this.#numbers[place + axis];
      if (value === UNSEEN) return null;
      point.push((value / FULL) * (axis === 1 && downwards ? -1 : 1));
    }
    if (point.length === 3 && downwards) point[2] *= -1;
    return point;
  }
}
