/** The drums of a file, a few bars at a time: each hit where it was written and where it is struck. */
import {inWords, kindOf, MAGNIFIED} from './grid.js';

const SVG = 'http://www.w3.org/2000/svg';
const [HEAD, ROW, TOP, WIDTH] = [96, 30, 20, 1000];

export class Lanes {
  #element;
  #player;
  #hits = null;
  #first = 0;
  #isHumanized = true;
  #line = null;

  /** @param {HTMLElement} element @param {import('./loop.js').LoopPlayer} player */
  constructor(element, player) {
    this.#element = element;
    this.#player = player;
    player.addEventListener('time', () => this.#follow());
  }

  clear() {
    this.#hits = null;
    this.#element.replaceChildren();
  }

  /** Draw; `hits` as the studio keeps those of a file. */
  show(hits, {isHumanized}) {
    if (!hits?.bars) return;
    this.#isHumanized = isHumanized;
    if (this.#hits?.bars.length !== hits.bars.length) this.#first = 0;
    this.#hits = hits;
    this.#draw();
  }

  get #shown() {
    return this.#element.clientWidth < 560 ? 1 : 2;
  }

  #draw() {
    const bars = this.#hits.bars.slice(this.#first, this.#first + this.#shown);
    const begin = bars[0][0];
    const end = bars.at(-1)[0] + bars.at(-1)[1];
    const pitches = [...new Set(this.#hits.pitch)].sort((a, b) => rank(a) - rank(b));
    const height = TOP + pitches.length * ROW;
    const svg = make('svg', {viewBox: `0 0 ${WIDTH} ${height}`, role: 'img', class: 'lanes-picture'});
    const x = (seconds) => HEAD + ((seconds - begin) / (end - begin)) * (WIDTH - HEAD - 10);
    this.#scale = {x, begin, end};
    bars.forEach((bar, n) => this.#drawBar(svg, bar, this.#first + n + 1, x, height));
    pitches.forEach((pitch, row) => {
      const y = TOP + row * ROW;
      svg.append(make('line', {x1: HEAD, x2: WIDTH, y1: y + ROW - 3, y2: y + ROW - 3, class: 'base'}));
      svg.append(make('text', {x: 0, y: y + ROW - 8, class: 'name'}, nameOf(pitch)));
    });
    const count = this.#drawHits(svg, pitches, x, begin, end);
    this.#line = make('line', {y1: 0, y2: height, x1: -9, x2: -9, class: 'now'});
    svg.append(this.#line);
    svg.setAttribute('aria-label', `Bars ${this.#first + 1} to ${this.#first + bars.length}: ${count} hits; the table below has each of them.`);
    this.#element.replaceChildren(this.#pager(bars.length), svg);
  }

  #scale = null;

  #drawBar(svg, [start, seconds, steps, beat = 4], number, x, height) {
    svg.append(make('text', {x: x(start) + 3, y: 12, class: 'count'}, `Bar ${number}`));
    for (let step = 0; step < steps; step += 1) {
      const at = x(start + (seconds * step) / steps);
      const kind = step === 0 ? 'bar' : step % beat === 0 ? 'beat' : 'step';
      svg.append(make('line', {x1: at, x2: at, y1: TOP - 4, y2: height, class: kind}));
    }
  }

  #drawHits(svg, pitches, x, begin, end) {
    const {onset, pitch, velocity, played, shift} = this.#hits;
    let count = 0;
    for (let n = 0; n < onset.length; n += 1) {
      if (onset[n] < begin - 0.03 || onset[n] >= end - 0.03) continue;
      count += 1;
      const base = TOP + pitches.indexOf(pitch[n]) * ROW + ROW - 3;
      const strength = (this.#isHumanized ? played[n] : velocity[n]) / 127;
      const moved = this.#isHumanized ? (shift[n] / 1000) * MAGNIFIED : 0;
      const at = x(onset[n] + moved);
      const bar = make('rect', {
        x: at - 4, y: base - strength * (ROW - 6), width: 8, height: strength * (ROW - 6), rx: 2,
        class: `hit ${kindOf(pitch[n])}`, opacity: 0.4 + 0.6 * strength,
      });
      bar.append(make('title', {}, `${nameOf(pitch[n])}: velocity ${velocity[n]}, played ${played[n]}, ${inWords(shift[n])}`));
      svg.append(bar);
    }
    return count;
  }

  #pager(shown) {
    const row = document.createElement('div');
    row.className = 'row pager';
    const total = this.#hits.bars.length;
    const go = (text, label, first) => {
      const button = document.createElement('button');
      Object.assign(button, {type: 'button', className: 'quiet', textContent: text, ariaLabel: label});
      button.disabled = first < 0 || first >= total;
      button.addEventListener('click', () => {
        const way = label;
        this.#first = first;
        this.#draw();
        this.#player.seek(this.#hits.bars[first][0]);
        this.#element.querySelector(`[aria-label="${way}"]`)?.focus();
      });
      return button;
    };
    const words = document.createElement('span');
    words.textContent = `Bar ${this.#first + 1}${shown > 1 ? ` to ${this.#first + shown}` : ''} of ${total}`;
    row.append(go('←', 'Earlier bars', this.#first - this.#shown), words, go('→', 'Later bars', this.#first + this.#shown));
    return row;
  }

  #follow() {
    if (!this.#hits || !this.#line || this.#element.hidden) return;
    const {position, isPlaying} = this.#player;
    if (isPlaying && (position < this.#scale.begin || position >= this.#scale.end)) {
      const bar = this.#hits.bars.findLastIndex(([start]) => start <= position);
      const first = Math.max(0, bar - (bar % this.#shown));
      if (first !== this.#first) {
        this.#first = first;
        this.#draw();
      }
    }
    const at = this.#scale.x(position);
    this.#line.setAttribute('x1', at);
    this.#line.setAttribute('x2', at);
  }
}

const ORDER = [49, 57, 55, 52, 51, 59, 53, 46, 26, 42, 22, 44, 54, 56, 50, 48, 47, 45, 43, 58, 41, 39, 37, 40, 38, 36, 35];
const NAMES = {
  22: 'Hat, edge', 26: 'Open hat, edge', 35: 'Kick 2', 36: 'Kick', 37: 'Side stick', 38: 'Snare', 39: 'Clap',
  40: 'Snare, rim', 41: 'Floor tom 2', 42: 'Hat', 43: 'Floor tom', 44: 'Pedal hat', 45: 'Low tom',
  46: 'Open hat', 47: 'Mid tom', 48: 'High-mid tom', 49: 'Crash', 50: 'High tom', 51: 'Ride', 52: 'China',
  53: 'Bell', 54: 'Tambourine', 55: 'Splash', 56: 'Cowbell', 57: 'Crash 2', 58: 'Floor tom rim', 59: 'Ride 2',
};

function rank(pitch) {
  const place = ORDER.indexOf(pitch);
  return place < 0 ? 15.5 : place;
}

/** What a drum is called. */
export function nameOf(pitch) {
  return NAMES[pitch] ?? `Drum ${pitch}`;
}

function make(name, attributes, text = '') {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text) node.textContent = text;
  return node;
}
