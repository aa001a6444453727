/** An instrument that answers at once, for playing on keys: a soft struck tone, made in the page. */
import {audioContext, output} from './context.js';

const PARTIALS = new Float32Array([0, 1, 0.42, 0.2, 0.1, 0.05, 0.03]);
const MOST = 16; // tones at once

/** Plays notes by MIDI number. */
export class Keys {
  #tones = new Map();
  #wave = null;

  /** @param {number} midi @param {number} [velocity] 1 to 127 */
  noteOn(midi, velocity = 90) {
    this.noteOff(midi);
    const context = audioContext();
    context.resume();
    this.#wave ??= context.createPeriodicWave(new Float32Array(PARTIALS.length), PARTIALS);
    if (this.#tones.size >= MOST) this.noteOff(this.#tones.keys().next().value);
    const tone = new OscillatorNode(context, {frequency: 440 * 2 ** ((midi - 69) / 12), periodicWave: this.#wave, type: 'custom'});
    const shape = new GainNode(context, {gain: 0});
    const now = context.currentTime;
    const peak = 0.28 * (velocity / 127) ** 2;
    shape.gain.setValueAtTime(0, now);
    shape.gain.linearRampToValueAtTime(peak, now + 0.006);
    shape.gain.setTargetAtTime(peak * 0.25, now + 0.006, 0.45);
    tone.connect(shape).connect(output());
    tone.start(now);
    this.#tones.set(midi, {tone, shape});
  }

  /** @param {number} midi */
  noteOff(midi) {
    const found = this.#tones.get(midi);
    if (!found) return;
    this.#tones.delete(midi);
    const now = audioContext().currentTime;
    found.shape.gain.cancelScheduledValues(now);
    found.shape.gain.setTargetAtTime(0, now, 0.05);
    found.tone.stop(now + 0.4);
  }

  /** Let everything end. */
  silence() {
    for (const midi of [...this.#tones.keys()]) this.noteOff(midi);
  }

  /** Play one note for a moment. */
  pluck(midi, velocity = 90, seconds = 0.35) {
    this.noteOn(midi, velocity);
    const own = this.#tones.get(midi);
    setTimeout(() => this.#tones.get(midi) === own && this.noteOff(midi), seconds * 1000);
  }
}
