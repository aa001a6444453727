/** A piano drawn in the page, played by pointer, by the computer's keyboard or by a MIDI keyboard. */
import {Keys} from '../kit/beep.js';
import {button} from '../kit/icons.js';

const WHITE = [0, 2, 4, 5, 7, 9, 11];
const NAMES = ['C', 'C sharp', 'D', 'E flat', 'E', 'F', 'F sharp', 'G', 'A flat', 'A', 'B flat', 'B'];
const CODES = [
  'KeyA', 'KeyW', 'KeyS', 'KeyE', 'KeyD', 'KeyF', 'KeyT', 'KeyG', 'KeyY', 'KeyH', 'KeyU', 'KeyJ',
  'KeyK', 'KeyO', 'KeyL', 'KeyP', 'Semicolon',
];
const SIGNS = 'AWSEDFTGYHUJKOLP;';
const SPAN = 17; // semitones that are drawn: as many as the letters reach
const LOWEST = 36;
const HIGHEST = 84;

/**
 * Events: `down` (detail: {pitch, velocity, time in ms}) and `up` (detail: {pitch, time}).
 */
export class Piano extends EventTarget {
  #element;
  #keys = new Keys();
  #board;
  #octave = 60;
  #held = new Map();
  #midi;

  /** @param {HTMLElement} element is filled */
  constructor(element) {
    super();
    this.#element = element;
    element.classList.add('piano');
    const lower = button({text: '−', label: 'An octave lower (Z)', kind: 'small'});
    const higher = button({text: '+', label: 'An octave higher (X)', kind: 'small'});
    const midi = button({text: 'MIDI keyboard', kind: 'quiet small'});
    this.#midi = Object.assign(document.createElement('span'), {className: 'compose-hint', role: 'status'});
    this.#board = Object.assign(document.createElement('div'), {className: 'piano-board', role: 'group', ariaLabel: 'Piano'});
    const row = Object.assign(document.createElement('div'), {className: 'row'});
    row.append(lower, higher, midi, this.#midi);
    element.replaceChildren(this.#board, row);
    lower.addEventListener('click', () => this.shift(-12));
    higher.addEventListener('click', () => this.shift(12));
    midi.addEventListener('click', () => this.#openMidi());
    this.#draw();
    const section = element.closest('details') ?? element;
    section.addEventListener('keydown', (event) => this.#typed(event));
    section.addEventListener('keyup', (event) => this.#released(event));
    addEventListener('blur', () => this.silence());
  }

  /** Move the drawn keys by semitones. */
  shift(by) {
    this.#octave = Math.min(HIGHEST, Math.max(LOWEST, this.#octave + by));
    this.#draw();
  }

  /** Press a key. */
  down(pitch, velocity = 90) {
    this.#keys.noteOn(pitch, velocity);
    this.#light(pitch, true);
    this.#tell('down', {pitch, velocity});
  }

  /** Let it go. */
  up(pitch) {
    this.#keys.noteOff(pitch);
    this.#light(pitch, false);
    this.#tell('up', {pitch});
  }

  /** Let everything go. */
  silence() {
    for (const pitch of this.#held.values()) this.up(pitch);
    this.#held.clear();
    this.#keys.silence();
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, {detail: {...detail, time: performance.now()}}));
  }

  #light(pitch, isOn) {
    this.#board.querySelector(`[data-pitch="${pitch}"]`)?.classList.toggle('is-down', isOn);
  }

  #draw() {
    const keys = [];
    const whites = Array.from({length: SPAN}, (_, i) => i).filter((i) => WHITE.includes(i % 12));
    for (let i = 0; i < SPAN; i++) {
      const pitch = this.#octave + i;
      const isWhite = WHITE.includes(i % 12);
      const key = document.createElement('button');
      key.type = 'button';
      key.className = isWhite ? 'piano-white' : 'piano-black';
      key.dataset.pitch = pitch;
      key.tabIndex = i ? -1 : 0;
      key.ariaLabel = `${NAMES[pitch % 12]} ${Math.floor(pitch / 12) - 1}`;
      const before = whites.filter((white) => white < i).length;
      key.style.left = `${((isWhite ? before : before - 0.31) / whites.length) * 100}%`;
      key.style.width = `${((isWhite ? 1 : 0.62) / whites.length) * 100}%`;
      key.append(Object.assign(document.createElement('span'), {textContent: SIGNS[i], ariaHidden: 'true'}));
      this.#listen(key, pitch);
      keys.push(key);
    }
    this.#board.replaceChildren(...keys);
  }

  #listen(key, pitch) {
    key.addEventListener('pointerdown', (event) => {
      if (event.button) return;
      key.setPointerCapture(event.pointerId);
      key.focus({preventScroll: true}); // Safari gives a pressed button no focus; the letters need it
      this.#held.set(`pointer-${event.pointerId}`, pitch);
      this.down(pitch);
    });
    for (const name of ['pointerup', 'pointercancel']) {
      key.addEventListener(name, (event) => this.#let(`pointer-${event.pointerId}`));
    }
    key.addEventListener('keydown', (event) => {
      const all = [...this.#board.children].sort((a, b) => a.dataset.pitch - b.dataset.pitch);
      const next = all[all.indexOf(key) + ({ArrowRight: 1, ArrowLeft: -1}[event.key] ?? NaN)];
      if (next) {
        event.preventDefault();
        key.tabIndex = -1;
        next.tabIndex = 0;
        next.focus();
      } else if ((event.key === 'Enter' || event.key === ' ') && !event.repeat) {
        event.preventDefault();
        this.#held.set('focus', pitch);
        this.down(pitch);
      }
    });
    key.addEventListener('keyup', ({key: name}) => {
      if (name === 'Enter' || name === ' ') this.#let('focus');
    });
  }

  #typed(event) {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!this.#element.offsetParent || event.target.matches('input, textarea, select')) return;
    if (event.code === 'KeyZ' || event.code === 'KeyX') return this.shift(event.code === 'KeyZ' ? -12 : 12);
    const place = CODES.indexOf(event.code);
    if (place < 0) return;
    event.preventDefault();
    this.#held.set(event.code, this.#octave + place);
    this.down(this.#octave + place);
  }

  #released(event) { this.#let(event.code); }

  #let(name) {
    const pitch = this.#held.get(name);
    if (pitch === undefined) return;
    this.#held.delete(name);
    this.up(pitch);
  }

  async #openMidi() {
    if (!navigator.requestMIDIAccess) {
      this.#midi.textContent = isSecureContext
        ? 'This browser has no Web MIDI; Chrome, Edge and Firefox have.'
        : 'Browsers let a page use MIDI on the computer that runs the studio, or over https; not at this address.';
      return;
    }
    try {
      const access = await navigator.requestMIDIAccess();
      const listen = () => {
        const inputs = [...access.inputs.values()];
        for (const input of inputs) input.onmidimessage = ({data}) => this.#heard(data);
        this.#midi.textContent = inputs.length
          ? `Listening to ${inputs.map((input) => input.name).join(', ')}.`
          : 'No MIDI keyboard is connected yet; plug one in.';
      };
      access.onstatechange = listen;
      listen();
    } catch {
      this.#midi.textContent = 'The browser was not allowed to use MIDI. Allow it beside the address.';
    }
  }

  #heard([status, pitch, velocity]) {
    if (!this.#element.offsetParent) return;
    const kind = status & 0xf0;
    if (kind === 0x90 && velocity) this.down(pitch, velocity);
    else if (kind === 0x80 || kind === 0x90) this.up(pitch);
  }
}
