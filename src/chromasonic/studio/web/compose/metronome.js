/** A click on each beat, with one bar before it counts. */
import {audioContext, output} from '../kit/context.js';

const AHEAD_S = 0.12;

export class Metronome {
  #metre;
  #beatS;
  #onBeat;
  #timer = 0;
  #next = 0;
  #count = 0;
  #clicks = [];

  /** @param {{metre: string, tempo: number, onBeat: (text: string) => void}} options felt beats a minute */
  constructor({metre, tempo, onBeat}) {
    const [beats, unit] = metre.split('/').map(Number);
    const isCompound = unit >= 8 && beats > 3 && beats % 3 === 0;
    this.#metre = {beats: isCompound ? beats / 3 : beats};
    this.#beatS = 60 / tempo;
    this.quarterMs = (this.#beatS * 1000 * unit) / 4 / (isCompound ? 3 : 1);
    this.#onBeat = onBeat;
  }

  /** Count in and go on. */
  start() {
    const context = audioContext();
    context.resume();
    this.#next = context.currentTime + 0.2;
    this.beganAt = performance.now() + (0.2 + this.#metre.beats * this.#beatS) * 1000;
    this.#timer = setInterval(() => this.#schedule(), 30);
    this.#schedule();
  }

  /** Be silent. */
  stop() {
    clearInterval(this.#timer);
    for (const click of this.#clicks) click.stop();
    this.#clicks = [];
  }

  #schedule() {
    const context = audioContext();
    while (this.#next < context.currentTime + AHEAD_S) {
      const beat = this.#count % this.#metre.beats;
      this.#click(this.#next, beat === 0);
      const isBefore = this.#count < this.#metre.beats;
      this.#onBeat(isBefore ? `Count-in: ${beat + 1}` : `Recording, beat ${beat + 1}. Press Stop when done.`);
      this.#next += this.#beatS;
      this.#count += 1;
    }
  }

  #click(when, isFirst) {
    const context = audioContext();
    const tone = new OscillatorNode(context, {frequency: isFirst ? 1568 : 1047, type: 'triangle'});
    const shape = new GainNode(context, {gain: 0});
    shape.gain.setValueAtTime(isFirst ? 0.25 : 0.15, when);
    shape.gain.exponentialRampToValueAtTime(0.001, when + 0.05);
    tone.connect(shape).connect(output());
    tone.start(when);
    tone.stop(when + 0.06);
    this.#clicks = [...this.#clicks.slice(-8), tone];
  }
}
