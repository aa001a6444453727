/** The two clips of a pair: fetched ahead, one plays at a time, each from its start or where it was. */

/** A clip that is being fetched or is there. */
class Clip extends EventTarget {
  constructor(address) {
    super();
    this.audio = new Audio();
    this.audio.preload = 'auto';
    this.gone = new AbortController();
    this.ready = this.fetched(address);
    this.ready.catch(() => {}); // whoever waits for it hears of it
    for (const type of ['play', 'pause', 'ended', 'timeupdate']) {
      this.audio.addEventListener(type, () => this.dispatchEvent(new Event('change')));
    }
  }

  async fetched(address) {
    const {signal} = this.gone;
    for (let attempt = 0; ; attempt += 1) {
      const answer = await fetch(address, {credentials: 'same-origin', signal}).catch(() => null);
      signal.throwIfAborted();
      if (answer?.ok) {
        const sound = await answer.blob();
        signal.throwIfAborted();
        this.url = URL.createObjectURL(sound);
        this.audio.src = this.url;
        return;
      }
      const isHopeless = answer && answer.status < 500 && answer.status !== 429;
      if (answer?.status === 403) throw new Error('This page needs a cookie to know which pairs are yours. Allow it for this page, and open the link again.');
      if (isHopeless) throw new Error('This pair cannot be played. Try again in a moment.');
      await new Promise((resolve) => setTimeout(resolve, Math.min(8000, 500 * 2 ** attempt)));
    }
  }

  /** Seconds of it that were played, no part counted twice. */
  get heard() {
    const {played} = this.audio;
    let sum = 0;
    for (let i = 0; i < played.length; i += 1) sum += played.end(i) - played.start(i);
    return sum;
  }

  get share() {
    const {duration} = this.audio;
    return duration > 0 ? this.heard / duration : 0;
  }

  get place() {
    const {duration, currentTime} = this.audio;
    return duration > 0 ? currentTime / duration : 0;
  }

  get isPlaying() {
    return !this.audio.paused && !this.audio.ended;
  }

  free() {
    this.gone.abort();
    this.audio.pause();
    this.audio.removeAttribute('src');
    if (this.url) URL.revokeObjectURL(this.url);
  }
}

/**
 * Both clips of a pair. Sends `change` when one starts, stops or moves on.
 */
export class Pair extends EventTarget {
  /** @param {string} address of the pair's clips, to which /first and /second are added */
  constructor(address) {
    super();
    this.clips = {first: new Clip(`${address}/first`), second: new Clip(`${address}/second`)};
    for (const clip of Object.values(this.clips)) {
      clip.addEventListener('change', () => this.dispatchEvent(new Event('change')));
    }
  }

  /** Both are there. */
  get ready() {
    return Promise.all([this.clips.first.ready, this.clips.second.ready]);
  }

  /** Whether both are there already. */
  get isThere() {
    return Boolean(this.clips.first.url && this.clips.second.url);
  }

  /** Play one side from its start, or go on where it was paused; the other side is silent. */
  play(side) {
    const clip = this.clips[side];
    const other = this.clips[side === 'first' ? 'second' : 'first'];
    if (clip.isPlaying) return clip.audio.pause();
    other.audio.pause();
    if (this.last !== side || clip.audio.ended) clip.audio.currentTime = 0;
    this.last = side;
    clip.audio.play().catch(() => {}); // a browser that refuses lets the listener press again
  }

  /** Pause what plays, or go on with what played last. */
  toggle() {
    if (this.last) this.play(this.last);
  }

  pause() {
    for (const {audio} of Object.values(this.clips)) audio.pause();
  }

  /** Milliseconds that the first and the second were heard. */
  get heardMs() {
    return [this.clips.first, this.clips.second].map((clip) => Math.round(1000 * clip.heard));
  }

  free() {
    this.clips.first.free();
    this.clips.second.free();
  }
}
