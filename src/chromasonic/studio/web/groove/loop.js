/** Two versions of one music, in step to the sample: going round, switched while they play. */
import {audioContext, heardNow, opened, output} from '../kit/context.js';

const FADE_SECONDS = 0.012;
const AHEAD_SECONDS = 0.02;

/** Fires `play`, `pause`, `end`, `load`, `change`, `version`, and `time` in each frame. */
export class LoopPlayer extends EventTarget {
  #isLooping = true;
  version = 'humanized';
  #buffers = null;
  #voices = null;
  #begun = 0;
  #paused = 0;
  #isPlaying = false;

  get isPlaying() {
    return this.#isPlaying;
  }

  get isLoaded() {
    return this.#buffers !== null;
  }

  /** Whether it goes round; anything but null turns it on. */
  get loop() {
    return this.#isLooping ? {start: 0, end: this.duration} : null;
  }

  set loop(value) {
    const {position} = this;
    this.#isLooping = Boolean(value);
    this.#paused = position;
    if (this.#isPlaying) this.#begin(position);
    this.dispatchEvent(new Event('change'));
  }

  get duration() {
    return this.#buffers?.straight.duration ?? 0;
  }

  /** Seconds within the round. */
  get position() {
    if (!this.#isPlaying) return this.#paused;
    const since = Math.max(0, heardNow() - this.#begun);
    return this.#isLooping ? since % this.duration : Math.min(since, this.duration);
  }

  /**
   * Fetch both versions; while it plays the new ones take over where the old ones are.
   * @param {{straight: string, humanized: string}} addresses
   */
  async load(addresses) {
    const [straight, humanized] = await Promise.all(
      [addresses.straight, addresses.humanized].map((one) => this.#fetched(one)),
    );
    const share = this.duration ? this.position / this.duration : 0;
    this.#buffers = {straight, humanized};
    this.#paused = share * this.duration;
    if (this.#isPlaying) this.#begin(this.#paused);
    this.dispatchEvent(new Event('load'));
  }

  /** Forget what was loaded: there is nothing to play. */
  unload() {
    this.pause();
    this.#buffers = null;
    this.#paused = 0;
    this.dispatchEvent(new Event('load'));
  }

  async #fetched(address) {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error('The sound is not there any more. Play it again.');
    return audioContext().decodeAudioData(await answer.arrayBuffer());
  }

  async play() {
    if (!this.#buffers || this.#isPlaying) return;
    await opened();
    this.#isPlaying = true;
    this.#begin(this.#paused >= this.duration ? 0 : this.#paused);
    this.dispatchEvent(new Event('play'));
    this.#tick();
  }

  #tick() {
    if (!this.#isPlaying) return;
    this.dispatchEvent(new Event('time'));
    requestAnimationFrame(() => this.#tick());
  }

  pause() {
    if (!this.#isPlaying) return;
    this.#paused = this.position;
    this.#isPlaying = false;
    this.#silence(audioContext().currentTime);
    this.dispatchEvent(new Event('pause'));
  }

  toggle() {
    return this.#isPlaying ? this.pause() : this.play();
  }

  seek(seconds) {
    this.#paused = Math.max(0, Math.min(seconds, this.duration));
    if (this.#isPlaying) this.#begin(this.#paused);
    this.dispatchEvent(new Event('time'));
  }

  /** @param {'straight' | 'humanized'} version */
  choose(version) {
    this.version = version;
    if (this.#voices) {
      const now = audioContext().currentTime;
      for (const [name, {gain}] of Object.entries(this.#voices)) {
        gain.gain.cancelScheduledValues(now);
        gain.gain.setValueAtTime(gain.gain.value, now);
        gain.gain.linearRampToValueAtTime(name === version ? 1 : 0, now + FADE_SECONDS);
      }
    }
    this.dispatchEvent(new Event('version'));
  }

  #begin(position) {
    const start = audioContext().currentTime + AHEAD_SECONDS;
    this.#silence(start);
    this.#voices = {};
    for (const [name, buffer] of Object.entries(this.#buffers)) {
      const source = new AudioBufferSourceNode(audioContext(), {buffer, loop: this.#isLooping});
      const gain = new GainNode(audioContext(), {gain: 0});
      gain.gain.setValueAtTime(0, start);
      gain.gain.linearRampToValueAtTime(name === this.version ? 1 : 0, start + FADE_SECONDS);
      source.connect(gain).connect(output());
      source.start(start, position);
      this.#voices[name] = {source, gain};
    }
    const voices = this.#voices;
    voices.straight.source.addEventListener('ended', () => {
      if (this.#voices !== voices || !this.#isPlaying) return;
      this.#isPlaying = false;
      this.#paused = 0;
      this.#voices = null;
      this.dispatchEvent(new Event('end'));
    });
    this.#begun = start - position;
  }

  #silence(when) {
    for (const {source, gain} of Object.values(this.#voices ?? {})) {
      gain.gain.cancelScheduledValues(when);
      gain.gain.setValueAtTime(gain.gain.value, when);
      gain.gain.linearRampToValueAtTime(0, when + FADE_SECONDS);
      source.stop(when + FADE_SECONDS);
    }
    this.#voices = null;
  }
}
