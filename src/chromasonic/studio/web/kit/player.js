/** Sound of several stems, locked to the sample: play, seek, loop, turn one down or hear it alone. */
import {audioContext, heardNow, opened, output} from './context.js';
import {StudioError} from './api.js';
import {mixdown} from './mixdown.js';

export {transport} from './transport.js';

const SMOOTH = 0.015; // seconds: no click when a gain changes
const AHEAD = 0.04; // seconds between the order to play and the sound
let sounding = null; // one player at a time on a page

/** @typedef {{url: string, name?: string, pan?: number}} Stem */

/**
 * Plays recordings together. Events: `play`, `pause`, `end`, `time` (each frame while it plays, and
 * after a seek), `load`, `change` (gains, loop).
 */
export class Player extends EventTarget {
  #stems = []; // {name, pan, buffer, gain 0..1, isMuted, isSolo, node}
  #sources = [];
  #fade = null;
  #offset = 0; // where it stands while it is silent
  #startedAt = 0; // on the context's clock, of position 0
  #isPlaying = false;
  #loop = null;
  #loading = 0;
  #frame = 0;

  /** Fetch and decode; what was loaded before goes. @param {Stem[]} stems of equal length */
  async load(stems, {signal} = {}) {
    const mine = ++this.#loading;
    this.#halt();
    this.#offset = 0;
    const buffers = await Promise.all(stems.map((stem) => decoded(stem.url, signal)));
    if (mine !== this.#loading) return;
    this.#stems = stems.map((stem, i) => ({
      name: stem.name ?? `Part ${i + 1}`, pan: stem.pan ?? 0, buffer: buffers[i],
      gain: stem.gain ?? 1, isMuted: stem.isMuted ?? false, isSolo: false, node: null,
    }));
    this.#loop = null;
    this.#tell('load', 'time');
  }

  /** Free the sound's memory. */
  unload() {
    this.#loading++;
    this.#halt();
    this.#stems = [];
    this.#offset = 0;
    this.#tell('load');
  }

  get isLoaded() { return this.#stems.length > 0; }
  get isPlaying() { return this.#isPlaying; }
  get duration() { return Math.max(0, ...this.#stems.map((one) => one.buffer.duration)); }
  /** The stems: name, gain, isMuted, isSolo, isHeard. */
  get stems() {
    return this.#stems.map((one) => ({
      name: one.name, gain: one.gain, isMuted: one.isMuted, isSolo: one.isSolo,
      isHeard: this.#level(one) > 0,
    }));
  }

  /** Seconds into the sound that is heard now. */
  get position() {
    if (!this.#isPlaying) return this.#offset;
    return this.#wrapped(heardNow() - this.#startedAt);
  }

  /** {start, end} in seconds that is played over and over, or null. */
  get loop() { return this.#loop; }
  set loop(region) {
    const end = Math.min(region?.end ?? 0, this.duration);
    this.#loop = region && end - region.start > 0.05 ? {start: Math.max(0, region.start), end} : null;
    if (this.#isPlaying) this.seek(this.position);
    this.#tell('change');
  }

  /** Begin, or go on, where it stands. */
  async play() {
    if (!this.isLoaded || this.#isPlaying) return;
    if (sounding !== this) sounding?.pause();
    sounding = this;
    await opened();
    if (this.#isPlaying || sounding !== this || !this.isLoaded) return;
    this.#begin(this.#offset >= this.duration - 0.02 ? 0 : this.#offset);
    this.#isPlaying = true;
    this.#tell('play');
    this.#watch();
  }

  /** Stop where it stands. */
  pause() {
    if (!this.#isPlaying) return;
    this.#offset = this.position;
    this.#halt();
    this.#tell('pause', 'time');
  }

  toggle() { return this.#isPlaying ? this.pause() : this.play(); }

  /** Stop and go to the beginning. */
  stop() {
    this.pause();
    this.seek(0);
  }

  /** @param {number} seconds */
  seek(seconds) {
    const place = Math.min(Math.max(0, seconds), this.duration);
    if (this.#isPlaying) this.#begin(place);
    else this.#offset = place;
    this.#tell('time');
  }

  /** What is heard, with what is muted or turned down, as a WAV file. @returns {Promise<Blob>} */
  mixed() {
    return mixdown(this.#stems.map((one) => ({buffer: one.buffer, pan: one.pan, gain: this.#level(one)})));
  }

  gain(index, value) { this.#set(index, {gain: value}); }
  mute(index, isMuted = true) { this.#set(index, {isMuted}); }
  solo(index, isSolo = true) { this.#set(index, {isSolo}); }

  #set(index, values) {
    if (!this.#stems[index]) return;
    Object.assign(this.#stems[index], values);
    for (const one of this.#stems) {
      one.node?.gain.setTargetAtTime(this.#level(one), audioContext().currentTime, SMOOTH);
    }
    this.#tell('change');
  }

  #level(stem) {
    const isAlone = this.#stems.some((one) => one.isSolo);
    return stem.isMuted || (isAlone && !stem.isSolo) ? 0 : stem.gain;
  }

  #wrapped(elapsed) {
    const {start, end} = this.#loop ?? {};
    if (this.#loop && elapsed >= end && this.#offset < end) {
      return start + ((elapsed - start) % (end - start));
    }
    return Math.min(Math.max(elapsed, this.#offset), this.duration);
  }

  /** Let every stem sound from a place on, all at the same moment. */
  #begin(place) {
    this.#release();
    const context = audioContext();
    const when = context.currentTime + AHEAD;
    const fade = new GainNode(context, {gain: 0});
    fade.gain.setValueAtTime(0, when);
    fade.gain.linearRampToValueAtTime(1, when + (place > 0 ? 0.012 : 0.001));
    fade.connect(output());
    this.#sources = this.#stems.map((one) => {
      const source = new AudioBufferSourceNode(context, {buffer: one.buffer});
      one.node = new GainNode(context, {gain: this.#level(one)});
      source.connect(one.node).connect(new StereoPannerNode(context, {pan: one.pan})).connect(fade);
      if (this.#loop && place < this.#loop.end) {
        Object.assign(source, {loop: true, loopStart: this.#loop.start, loopEnd: this.#loop.end});
      }
      source.start(when, place);
      return source;
    });
    const [first] = this.#sources;
    first.onended = () => this.#sources[0] === first && this.#ended();
    this.#fade = fade;
    this.#offset = place;
    this.#startedAt = when - place;
  }

  #ended() {
    this.#halt();
    this.#offset = 0;
    this.#tell('end', 'pause', 'time');
  }

  /** Fade the sources out; they are no longer ours. */
  #release() {
    const [fade, sources] = [this.#fade, this.#sources];
    this.#sources = [];
    this.#fade = null;
    if (!fade) return;
    const now = audioContext().currentTime;
    fade.gain.cancelScheduledValues(now);
    fade.gain.setTargetAtTime(0, now, SMOOTH / 2);
    for (const source of sources) source.stop(now + 0.06);
    setTimeout(() => fade.disconnect(), 200);
  }

  #halt() {
    this.#release();
    this.#isPlaying = false;
    cancelAnimationFrame(this.#frame);
    if (sounding === this) sounding = null;
  }

  #watch() {
    this.#frame = requestAnimationFrame(() => {
      if (!this.#isPlaying) return;
      this.#tell('time');
      this.#watch();
    });
  }

  #tell(...names) {
    for (const name of names) this.dispatchEvent(new Event(name));
  }
}

addEventListener('pagehide', () => sounding?.pause());

async function decoded(url, signal) {
  const answer = await fetch(url, {signal, credentials: 'same-origin'});
  if (!answer.ok) throw new StudioError('The sound is not there (any more). Reload the page.');
  const data = await answer.arrayBuffer();
  try {
    return await new OfflineAudioContext(1, 1, 44_100).decodeAudioData(data);
  } catch {
    throw new StudioError('This browser cannot play the sound. Download it as WAV instead.');
  }
}
