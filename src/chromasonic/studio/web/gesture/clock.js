/** Time on the page: that of the music where there is some, else a clock of its own. */
import {audioContext, opened, output} from '../kit/context.js';

/** Like the kit's player: `play`, `pause`, `end`, `time`, `load`, `change`. */
export class Clock extends EventTarget {
  #audio = null;
  #silent = 0; // seconds; where it stands without sound
  #begun = 0;
  #isPlaying = false;
  #seconds = 0;
  #isLooping = false;

  get isLoaded() { return this.#seconds > 0; }
  get isPlaying() { return this.#isPlaying; }
  get duration() { return this.#seconds; }
  get loop() { return this.#isLooping ? {start: 0, end: this.#seconds} : null; }

  set loop(value) {
    this.#isLooping = Boolean(value);
    this.#tell('change');
  }

  get position() {
    if (this.#hasSound) return Math.min(this.#audio.currentTime, this.#seconds);
    if (!this.#isPlaying) return this.#silent;
    return Math.min(this.#silent + (performance.now() - this.#begun) / 1000, this.#seconds);
  }

  /** Whether the music is what moves the time now: it may end before the movement does. */
  get #hasSound() {
    return this.#audio !== null && this.#audio.dataset.over !== 'yes';
  }

  /** @param {number} seconds @param {string | null} address of the sound, streamed as it plays */
  load(seconds, address) {
    const {position} = this;
    this.pause();
    this.#drop();
    this.#seconds = seconds;
    this.#silent = Math.min(position, seconds);
    if (address) this.#take(address);
    this.#tell('load');
    this.#tell('time');
  }

  #take(address) {
    const audio = new Audio(address);
    audio.preload = 'auto';
    audio.currentTime = this.#silent;
    audio.addEventListener('ended', () => {
      if (audio !== this.#audio) return;
      audio.dataset.over = 'yes';
      [this.#silent, this.#begun] = [audio.duration, performance.now()];
    });
    this.#audio = audio;
  }

  #drop() {
    if (!this.#audio) return;
    this.#silent = this.position;
    this.#audio.pause();
    this.#audio.removeAttribute('src');
    this.#audio = null;
  }

  async play() {
    if (this.#isPlaying || !this.#seconds) return;
    if (this.position >= this.#seconds - 0.02) this.seek(0);
    this.#isPlaying = true;
    this.#begun = performance.now();
    if (this.#hasSound) {
      this.#join();
      try {
        // Both at once: Safari lets nothing sound that begins long after the press.
        await Promise.all([this.#audio.play(), opened()]);
      } catch (error) {
        this.#isPlaying = false;
        this.#audio?.pause();
        throw error;
      }
      if (!this.#isPlaying) return;
    }
    this.#tell('play');
    this.#tick();
  }

  /** Through the page's own way to the loudspeaker, so that its volume holds. */
  #join() {
    if (this.#audio.dataset.joined) return;
    audioContext().createMediaElementSource(this.#audio).connect(output());
    this.#audio.dataset.joined = 'yes';
  }

  pause() {
    if (!this.#isPlaying) return;
    this.#silent = this.position;
    this.#isPlaying = false;
    this.#audio?.pause();
    this.#tell('pause');
  }

  toggle() {
    return this.#isPlaying ? this.pause() : this.play();
  }

  seek(seconds) {
    this.#silent = Math.max(0, Math.min(seconds, this.#seconds));
    this.#begun = performance.now();
    if (this.#audio) {
      const isInside = !Number.isFinite(this.#audio.duration) || this.#silent < this.#audio.duration;
      this.#audio.dataset.over = isInside ? '' : 'yes';
      this.#audio.currentTime = this.#silent;
      if (this.#isPlaying && isInside) {
        this.#join();
        this.#audio.play();
      }
    }
    this.#tell('time');
  }

  #tick() {
    if (!this.#isPlaying) return;
    this.#tell('time');
    if (this.position >= this.#seconds - 0.005) {
      if (this.#isLooping) {
        this.seek(0);
        requestAnimationFrame(() => this.#tick());
        return;
      }
      this.pause();
      this.#silent = this.#seconds;
      this.#tell('end');
      return;
    }
    requestAnimationFrame(() => this.#tick());
  }

  #tell(name) {
    this.dispatchEvent(new Event(name));
  }
}
