/** A piano roll: notes as beams over time, a keyboard at the left, a line that follows the sound. */
import {colours, onThemeChange} from './theme.js';
import {soundingAt} from './timeline.js';

const KEYS = 46; // width of the keyboard, CSS pixels
const SECOND = 10; // pixels at least for a second: a minute is seen whole, a longer piece scrolls
const WIDEST = 12_000; // pixels of the drawing
const BLACK = new Set([1, 3, 6, 8, 10]);
const NAMES = ['C', 'C♯', 'D', 'E♭', 'E', 'F', 'F♯', 'G', 'A♭', 'A', 'B♭', 'B'];

/** Draws a timeline into an element. */
export class PianoRoll {
  #element;
  #scroll;
  #canvas;
  #keys;
  #line;
  #timeline = null;
  #by;
  #player = null;
  #off = null;
  #range = [60, 72];
  #lit = '';

  /**
   * @param {HTMLElement} element is filled
   * @param {{by?: 'voice' | 'velocity'}} [options] what the colours tell
   */
  constructor(element, {by = 'voice'} = {}) {
    this.#element = element;
    this.#by = by;
    element.classList.add('roll');
    this.#canvas = Object.assign(document.createElement('canvas'), {role: 'img', ariaLabel: 'Piano roll'});
    this.#line = Object.assign(document.createElement('div'), {className: 'roll-line', hidden: true});
    this.#keys = Object.assign(document.createElement('canvas'), {className: 'roll-keys', ariaHidden: 'true'});
    this.#scroll = Object.assign(document.createElement('div'), {className: 'roll-scroll'});
    this.#scroll.append(this.#canvas, this.#line);
    element.replaceChildren(this.#scroll, this.#keys);
    this.#scroll.addEventListener('click', (event) => this.#clicked(event));
    new ResizeObserver(() => this.#draw()).observe(element);
    onThemeChange(() => this.#draw());
  }

  /** @param {object} timeline see `timeline.json` */
  show(timeline) {
    this.#timeline = timeline;
    const pitches = timeline.notes.map((note) => note.pitch);
    const [low, high] = pitches.length ? [Math.min(...pitches), Math.max(...pitches)] : [60, 72];
    const room = Math.max(2, Math.ceil((14 - (high - low)) / 2));
    this.#range = [low - room, high + room];
    this.#canvas.ariaLabel = described(timeline);
    this.#scroll.scrollLeft = 0;
    this.#draw();
  }

  /** Show nothing. */
  clear() {
    this.#timeline = null;
    this.#line.hidden = true;
    for (const one of [this.#canvas, this.#keys]) one.width = one.height = 0;
  }

  /** Move a line with a player's sound; null lets go. */
  follow(player) {
    this.#off?.abort();
    this.#player = player;
    if (!player) return;
    this.#off = new AbortController();
    for (const name of ['time', 'play', 'pause', 'end', 'load']) {
      player.addEventListener(name, () => this.#follow(), {signal: this.#off.signal});
    }
    this.#follow();
  }

  #x(seconds) {
    const all = Math.max(this.#timeline.duration, 0.001);
    return KEYS + (seconds / all) * (this.#width() - KEYS - 4);
  }

  /** Of the drawing: the room there is, or more where the piece is long. */
  #width() {
    const wanted = KEYS + this.#timeline.duration * SECOND;
    return Math.round(Math.min(WIDEST, Math.max(this.#scroll.clientWidth, wanted)));
  }

  #clicked(event) {
    if (!this.#timeline || !this.#player) return;
    const x = event.clientX - this.#canvas.getBoundingClientRect().left - KEYS;
    if (x >= 0) this.#player.seek((x / (this.#width() - KEYS - 4)) * this.#timeline.duration);
  }

  #follow() {
    if (!this.#timeline) return;
    const at = this.#player.position;
    const isOn = this.#player.isPlaying || at > 0;
    this.#line.hidden = !isOn || at > this.#timeline.duration;
    this.#line.style.transform = `translateX(${this.#x(at)}px)`;
    if (this.#player.isPlaying) this.#turn(this.#x(at));
    const lit = isOn ? soundingAt(this.#timeline.notes, at).map((note) => `${note.voice}:${note.start}:${note.pitch}`).join() : '';
    if (lit !== this.#lit) {
      this.#lit = lit;
      this.#draw();
    }
  }

  /** Turn the page when the line comes to the edge. */
  #turn(x) {
    const [left, room] = [this.#scroll.scrollLeft, this.#scroll.clientWidth];
    if (x < left + KEYS || x > left + room - 24) this.#scroll.scrollLeft = x - KEYS - 24;
  }

  #draw() {
    const height = this.#scroll.clientHeight;
    if (!this.#timeline || !this.#scroll.clientWidth || !height) return;
    const width = this.#width();
    const isLong = width > this.#scroll.clientWidth;
    this.#scroll.tabIndex = isLong ? 0 : -1;
    const pen = penOf(this.#canvas, width, height);
    const paint = colours();
    const [low, high] = this.#range;
    const row = height / (high - low + 1);
    const y = (pitch) => (high - pitch) * row;
    this.#rows(pen, paint, {width, row, y, low, high});
    this.#grid(pen, paint, height);
    this.#notes(pen, paint, row, y);
    const keys = penOf(this.#keys, KEYS, height);
    keyboard(keys, paint, {height, row, y, low, high, lit: this.#litPitches()});
  }

  #litPitches() {
    return new Set(this.#lit.split(',').filter(Boolean).map((text) => Number(text.split(':')[2])));
  }

  #rows(pen, paint, {width, row, y, low, high}) {
    pen.fillStyle = paint.sunk;
    for (let pitch = low; pitch <= high; pitch++) {
      if (BLACK.has(pitch % 12)) pen.fillRect(KEYS, y(pitch), width - KEYS, row);
    }
  }

  #grid(pen, paint, height) {
    pen.fillStyle = paint.hair;
    pen.font = `500 10px ${paint.sans}`;
    let last = -100;
    for (const bar of this.#timeline.bars ?? []) {
      const x = Math.round(this.#x(bar.start));
      pen.fillRect(x, 0, 1, height);
      if (x - last < 26 || bar.label === 0) continue;
      last = x;
      pen.save();
      pen.fillStyle = paint.soft;
      pen.fillText(bar.label ?? bar.number, x + 4, 11);
      pen.restore();
    }
  }

  #notes(pen, paint, row, y) {
    const lit = new Set(this.#lit.split(','));
    for (const note of this.#timeline.notes) {
      const left = this.#x(note.start);
      const wide = Math.max(2.5, this.#x(note.end) - left - 1);
      const tall = Math.max(3, Math.min(row - 1, 16));
      pen.globalAlpha = this.#by === 'velocity' ? 0.25 + 0.75 * (note.velocity / 127) : 0.92;
      pen.fillStyle = paint.series[(this.#by === 'voice' ? note.voice : 0) % paint.series.length];
      if (lit.has(`${note.voice}:${note.start}:${note.pitch}`)) {
        pen.globalAlpha = 1;
        pen.fillStyle = paint.ink;
      }
      pen.beginPath();
      pen.roundRect(left, y(note.pitch) + (row - tall) / 2, wide, tall, Math.min(3, tall / 2));
      pen.fill();
    }
    pen.globalAlpha = 1;
  }
}

/** A pen for a canvas of some CSS pixels, sharp on every screen, on an empty sheet. */
function penOf(canvas, width, height) {
  const scale = Math.min(devicePixelRatio || 1, 16_000 / width);
  const [across, down] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== across || canvas.height !== down) Object.assign(canvas, {width: across, height: down});
  Object.assign(canvas.style, {width: `${width}px`, height: `${height}px`});
  const pen = canvas.getContext('2d');
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  return pen;
}

function keyboard(pen, paint, {height, row, y, low, high, lit}) {
  pen.fillStyle = paint.card;
  pen.fillRect(0, 0, KEYS, height);
  for (let pitch = low; pitch <= high; pitch++) {
    const isBlack = BLACK.has(pitch % 12);
    if (isBlack || lit.has(pitch)) {
      pen.fillStyle = lit.has(pitch) ? paint.accent : paint.soft;
      pen.fillRect(0, y(pitch) + 0.5, isBlack ? KEYS * 0.58 : KEYS - 1, row - 1);
    }
    pen.fillStyle = paint.hair;
    if (pitch % 12 === 0 || pitch % 12 === 5) pen.fillRect(0, y(pitch) + row, KEYS, 1);
    if (pitch % 12 === 0 && row > 4) {
      pen.fillStyle = paint.ink;
      pen.font = `500 ${Math.min(11, Math.max(9, row))}px ${paint.sans}`;
      pen.fillText(`C${pitch / 12 - 1}`, KEYS - 20, y(pitch) + row * 0.5 + 4);
    }
  }
  pen.fillStyle = paint.hair;
  pen.fillRect(KEYS - 1, 0, 1, height);
}

/** A sentence that tells what the picture shows. */
export function described({notes, bars, duration, voices}) {
  if (!notes.length) return 'Piano roll without notes';
  const pitches = notes.map((note) => note.pitch);
  const name = (pitch) => `${NAMES[pitch % 12]}${Math.floor(pitch / 12) - 1}`;
  const parts = voices?.length > 1 ? ` in ${voices.length} voices` : '';
  return `Piano roll: ${notes.length} notes${parts} from ${name(Math.min(...pitches))} to ${name(Math.max(...pitches))}, ${bars.length} bars, ${Math.round(duration)} seconds`;
}
