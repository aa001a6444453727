/** A melody heard at once, while it is still being typed: one tone after the other. */
import {Keys} from '../kit/beep.js';
import {setIcon} from '../kit/icons.js';

const TICKS = 10_080; // of a quarter
const QUARTER = 0.55; // seconds
const GAP = 0.03;

/** The button under the preview. */
export class Humming {
  #keys = new Keys();
  #button;
  #timer = 0;
  #notes = [];

  /** @param {HTMLButtonElement} button has a sign and words */
  constructor(button) {
    this.#button = button;
    button.addEventListener('click', () => (this.#timer ? this.stop() : this.#from(0)));
  }

  /** @param {object | null} tune as the studio read it: what is heard from now on */
  take(tune) {
    this.stop();
    this.#notes = [];
    for (const [ticks, pitch, tied] of (tune?.bars ?? []).flatMap(({notes}) => notes)) {
      const last = this.#notes.at(-1);
      if (tied && last?.pitch === pitch) last.seconds += (ticks / TICKS) * QUARTER;
      else this.#notes.push({pitch, seconds: (ticks / TICKS) * QUARTER});
    }
    this.#button.hidden = !this.#notes.length;
  }

  /** Be silent. */
  stop() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#keys.silence();
    this.#show();
  }

  #from(place) {
    const note = this.#notes[place];
    if (!note) return this.stop();
    if (note.pitch !== null) this.#keys.pluck(note.pitch, 80, Math.max(0.05, note.seconds - GAP));
    this.#timer = setTimeout(() => this.#from(place + 1), note.seconds * 1000);
    this.#show();
  }

  #show() {
    setIcon(this.#button, this.#timer ? 'stop' : 'play');
    this.#button.querySelector('span').textContent = this.#timer ? 'Stop' : 'Hear the melody';
  }
}
