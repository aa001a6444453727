/** Where a melody comes from: typed, a file, or a tune from Compose; and its preview as a score. */
import {call, post, runJob, upload} from '../kit/api.js';
import {dropzone} from '../kit/dropzone.js';
import {safeSvg} from '../kit/score-drawing.js';
import {when} from '../kit/when.js';
import {Humming} from './humming.js';
import {pretty} from './rules.js';

export const ACCEPT = '.mid,.midi,.abc,.musicxml,.xml,.mxl,.krn,.kern,audio/midi';
export const TAKEN = 'MIDI, MusicXML, ABC or kern';
const PAUSE = 600; // milliseconds of quiet before what is typed is read: not every letter begins anew
const NARROW = 500; // pixels: below, the narrow engraving is shown

/** One melody and its preview. Events: `change` when another source was given. */
export class MelodySource extends EventTarget {
  #form;
  #file = null; // {upload, name} or {piece, name}
  #part = null;
  #reading = null;
  #stop = null;
  #humming;
  #timer = 0;
  #read = null;
  #isWaiting = false; // what is shown is not of what is given now

  /** @param {HTMLFormElement} form the page's form for melodies */
  constructor(form) {
    super();
    this.#form = form;
    this.#humming = new Humming(form.querySelector('#hum'));
    const text = form.elements.text;
    const later = () => {
      clearTimeout(this.#timer);
      if (!this.isEmpty) this.#wait();
      this.#timer = setTimeout(() => this.preview(), PAUSE);
    };
    text.addEventListener('input', () => { this.#part = null; later(); });
    form.elements.key.addEventListener('input', later);
    form.elements.metre.addEventListener('input', later);
    form.querySelector('#untake').addEventListener('click', () => {
      this.#take(null);
      text.focus();
    });
    form.querySelector('#part').addEventListener('change', ({target}) => {
      this.#part = Number(target.value);
      this.preview();
    });
    for (const ready of form.querySelectorAll('[data-abc]')) {
      ready.addEventListener('click', () => this.type(ready.dataset.abc));
    }
    form.querySelector('#tunes').addEventListener('change', ({target}) => {
      const [option] = target.selectedOptions;
      if (option.value) this.#take({piece: option.value, name: option.dataset.title});
    });
    dropzone(form.querySelector('#melody-drop'), {
      accept: ACCEPT, label: 'Drop a file here, or choose one', hint: TAKEN,
      onFile: async (file) => {
        const {upload: id, name} = await upload('/api/uploads', file);
        await this.#take({upload: id, name});
      },
    });
    new ResizeObserver(() => this.#draw()).observe(form.querySelector('#melody-score'));
    this.#offerTunes();
  }

  /** What the studio is asked with. */
  get wanted() {
    const {text, key, metre} = this.#form.elements;
    const common = {key: key.value.trim() || null, metre: this.#file ? null : metre.value.trim() || null, part: this.#part};
    if (!this.#file) return {text: text.value, ...common};
    const {name, ...which} = this.#file;
    return {...which, name, ...common};
  }

  /** Let the reading that is under way come to its end: a setting waits for it. */
  keep() {
    this.#stop = null;
    this.#humming.stop();
  }

  /** Whether there is anything to set. */
  get isEmpty() { return !this.#file && !this.#form.elements.text.value.trim(); }

  /** Fill in what is typed and show it. */
  type(text) {
    this.#form.elements.text.value = text;
    this.#form.elements.text.dispatchEvent(new Event('input', {bubbles: true}));
    return this.#take(null);
  }

  /** Take what another visit asked with. */
  restore(source) {
    const {text, key, metre} = this.#form.elements;
    key.value = source.key ?? '';
    metre.value = source.metre ?? '';
    this.#part = source.part;
    if (source.text != null) {
      text.value = source.text;
      return this.#take(null, source.part);
    }
    const which = source.piece ? {piece: source.piece} : {upload: source.upload};
    return this.#take({...which, name: source.name ?? 'A file'}, source.part);
  }

  /** Take a tune of the shelf. */
  async fromPiece(id) {
    const piece = await call(`/api/pieces/${id}`);
    return this.#take({piece: id, name: piece.title || 'A tune from Compose'});
  }

  async #take(file, part = null) {
    this.#file = file;
    this.#part = part;
    const taken = this.#form.querySelector('#taken');
    taken.hidden = !file;
    this.#form.querySelector('#typing').hidden = Boolean(file);
    this.#form.querySelector('#metre-field').hidden = Boolean(file);
    taken.querySelector('.taken-name').textContent = file?.name ?? '';
    if (!file?.piece) this.#form.querySelector('#tunes').value = '';
    this.dispatchEvent(new Event('change'));
    await this.preview();
  }

  /** Read what is given and show it, or say what is wrong with it. */
  async preview() {
    clearTimeout(this.#timer);
    this.#stop?.abort(); // what was typed before is of no interest any more
    this.#stop = new AbortController();
    const {signal} = this.#stop;
    this.#wait();
    const mine = (this.#reading = {});
    if (this.isEmpty) return this.#show(null);
    try {
      const read = await runJob(await post('/api/harmonize/melody', this.wanted), {signal});
      if (mine === this.#reading) this.#show(read);
    } catch (error) {
      if (mine !== this.#reading) return;
      this.#settle();
      if (error.name !== 'AbortError') this.say(error.message);
    }
  }

  /** What was shown before is not of this melody: say so until it is read, and let nobody hear it. */
  #wait() {
    this.#reading = null;
    this.#isWaiting = true;
    const figure = this.#form.querySelector('#melody');
    figure.setAttribute('aria-busy', 'true');
    figure.classList.add('is-stale');
    this.#humming.take(null);
    this.#form.querySelector('#melody-said').textContent = this.#file ? `Reading ${this.#file.name} …` : 'Reading …';
  }

  #settle() {
    this.#isWaiting = false;
    this.#form.querySelector('#melody').setAttribute('aria-busy', 'false');
    this.#form.querySelector('#melody-said').textContent = '';
  }

  /** Say what is wrong, or nothing. @param {string} words */
  say(words) {
    const place = this.#form.querySelector('#text-bad');
    place.textContent = words;
    place.hidden = !words;
    this.#form.elements.text.setAttribute('aria-invalid', String(Boolean(words)));
    this.#form.querySelector('#melody').classList.toggle('is-stale', Boolean(words) || this.#isWaiting);
    if (words && !this.#isWaiting) this.#form.querySelector('#melody-said').textContent = '';
  }

  #show(read) {
    this.#settle();
    this.#read = read;
    this.#humming.take(read?.tune);
    this.say('');
    this.#draw(true);
    const words = this.#form.querySelector('#melody-said');
    this.#parts(read);
    if (!read) {
      words.textContent = 'The melody appears here as you type.';
      return;
    }
    const count = (n, noun) => `${n} ${noun}${n === 1 ? '' : 's'}`;
    const key = pretty(read.key) + (read.heard ? ' (by ear: no key was given)' : '');
    const facts = [key, read.metre ?? 'free metre', count(read.bars, 'bar'), count(read.notes, 'note')];
    words.textContent = [`${facts.join(', ')}.`, ...read.said].join(' ');
  }

  #parts(read) {
    const field = this.#form.querySelector('#part-field');
    field.hidden = !read || read.parts.length < 2;
    if (field.hidden) return;
    const select = field.querySelector('select');
    select.replaceChildren(...read.parts.map((name, place) => new Option(name, place)));
    select.value = String(read.part);
  }

  #drawnAs = null;

  #draw(isNew = false) {
    const place = this.#form.querySelector('#melody-score');
    if (!this.#read) {
      this.#drawnAs = null;
      return place.replaceChildren();
    }
    const form = place.clientWidth && place.clientWidth < NARROW ? 'narrow' : 'svg';
    if (!isNew && form === this.#drawnAs) return;
    this.#drawnAs = form;
    const svg = safeSvg(this.#read[form]);
    svg.setAttribute('role', 'img');
    svg.setAttribute('aria-label', `The melody as a score: ${this.#read.key}, ${this.#read.bars} bars`);
    place.replaceChildren(svg);
  }

  async #offerTunes() {
    const {tunes} = await call('/api/compose/tunes'); // of the versions of a tune the newest
    if (!tunes.length) return;
    const select = this.#form.querySelector('#tunes');
    select.append(...tunes.slice(0, 40).map((one) => {
      const version = one.versions > 1 ? `version ${one.versions}, ` : '';
      const option = new Option(`${one.title || 'Untitled'} (${version}${when(one.made)})`, one.id);
      option.dataset.title = one.title || 'Untitled';
      return option;
    }));
    this.#form.querySelector('#composed').hidden = false;
    if (this.#file?.piece) select.value = this.#file.piece;
    if (!select.value) select.value = '';
  }
}
