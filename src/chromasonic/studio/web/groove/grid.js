/** The grid: drums as rows, sixteenths as columns; painted by pointer or by keys. */

import {METRES} from './pattern.js';

const LEVEL_NAMES = {hit: 'hit', accent: 'accent', ghost: 'ghost note', '': 'silent'};
/** Early and late are drawn so many times as far as they are. */
export const MAGNIFIED = 2;
const FARTHEST = 0.32; // of a cell

/** The colour of a drum's row: what kind of drum it is. */
export function kindOf(pitch) {
  if ([35, 36].includes(pitch)) return 'kick';
  if ([37, 38, 39, 40].includes(pitch)) return 'snare';
  return [22, 26, 42, 44, 46, 49, 51, 52, 53, 55, 57, 59].includes(pitch) ? 'cymbal' : 'other';
}

/** What comes after a press: with the brush for hits a second one makes an accent. */
export function nextLevel(now, brush) {
  if (brush !== 'hit') return now === brush ? '' : brush;
  return {'': 'hit', hit: 'accent', accent: '', ghost: 'hit'}[now];
}

/** "early 6 ms" and such, for people. */
export function inWords(shift) {
  const ms = Math.abs(shift) < 0.5 ? 0 : Math.abs(shift).toFixed(0);
  if (!ms) return 'on the beat';
  return `${ms} ms ${shift < 0 ? 'early' : 'late'}`;
}

export class Grid {
  brush = 'hit';
  #pattern;
  #element;
  #drums = [];
  #cells = new Map();
  #focused = '0:36';
  #painting = null;
  #pointer = ''; // what pressed last: mouse, pen, touch

  /**
   * @param {HTMLElement} element
   * @param {import('./pattern.js').Pattern} pattern
   */
  constructor(element, pattern) {
    this.#element = element;
    this.#pattern = pattern;
    element.addEventListener('pointerdown', (event) => this.#press(event));
    element.addEventListener('pointerover', (event) => this.#drag(event));
    addEventListener('pointerup', () => { this.#painting = null; });
    element.addEventListener('click', (event) => this.#click(event));
    element.addEventListener('keydown', (event) => this.#key(event));
    element.addEventListener('focusin', ({target}) => this.#hold(target.closest?.('.cell')));
  }

  /** Show these drums, from the top: [{name, pitch}]. */
  build(drums) {
    this.#drums = drums;
    const {steps, barSteps} = this.#pattern;
    const held = this.#element.contains(document.activeElement);
    const bar = `repeat(${barSteps}, minmax(var(--cell), 1fr))`;
    this.#element.style.setProperty('--steps', steps);
    this.#element.style.setProperty('--columns', Array(steps / barSteps).fill(bar).join(' 4px '));
    this.#element.ariaRowCount = drums.length;
    this.#element.ariaColCount = steps + 1;
    this.#cells.clear();
    this.#element.replaceChildren(counts(this.#pattern), ...drums.map((drum) => this.#row(drum, steps)));
    if (!this.#cells.has(this.#focused)) this.#focused = `0:${drums.at(-1).pitch}`;
    this.#cells.get(this.#focused).tabIndex = 0;
    if (held) this.#cells.get(this.#focused).focus();
    this.paint();
  }

  /** Draw what the pattern has now; `played` maps "step:pitch" to {velocity, shift}. */
  paint(played = null, stepMs = 150) {
    for (const [key, cell] of this.#cells) {
      const [step, pitch] = key.split(':').map(Number);
      const level = this.#pattern.at(step, pitch);
      const struck = level ? played?.get(key) : null;
      cell.dataset.level = level;
      cell.setAttribute('aria-selected', String(Boolean(level)));
      cell.ariaLabel = this.#told(step, pitch, level, struck);
      cell.title = struck ? `velocity ${struck.velocity}, ${inWords(struck.shift)}` : '';
      const velocity = struck?.velocity ?? {accent: 120, ghost: 60, hit: 100, '': 0}[level];
      const far = struck ? Math.max(-FARTHEST, Math.min(FARTHEST, (struck.shift / stepMs) * MAGNIFIED)) : 0;
      cell.style.setProperty('--strength', (velocity / 127).toFixed(3));
      cell.style.setProperty('--shift', far.toFixed(3));
    }
  }

  #row({name, pitch}, steps) {
    const row = document.createElement('div');
    const {barSteps, metre} = this.#pattern;
    row.role = 'row';
    row.className = `lane ${kindOf(pitch)}`;
    const head = document.createElement('span');
    head.role = 'rowheader';
    head.textContent = name;
    row.append(head);
    for (let step = 0; step < steps; step += 1) {
      const cell = document.createElement('button');
      cell.type = 'button';
      cell.role = 'gridcell';
      cell.tabIndex = -1;
      cell.className = 'cell';
      cell.dataset.key = `${step}:${pitch}`;
      if (Math.floor((step % barSteps) / METRES[metre].beat) % 2 === 0) cell.classList.add('strong');
      cell.style.gridColumn = columnOf(step, barSteps);
      cell.append(document.createElement('i'));
      this.#cells.set(cell.dataset.key, cell);
      row.append(cell);
    }
    return row;
  }

  #told(step, pitch, level, struck) {
    const {name} = this.#drums.find((drum) => drum.pitch === pitch);
    const how = struck ? `, played ${struck.velocity}, ${inWords(struck.shift)}` : '';
    return `${name}, ${this.#pattern.placeOf(step)}: ${LEVEL_NAMES[level]}${how}`;
  }

  #hold(cell) {
    if (!cell) return;
    const before = this.#cells.get(this.#focused);
    if (before) before.tabIndex = -1;
    this.#focused = cell.dataset.key;
    cell.tabIndex = 0;
  }

  #levelAfter(cell, event) {
    const now = cell.dataset.level;
    if (event.shiftKey) return now === 'accent' ? 'hit' : 'accent';
    if (event.altKey) return now === 'ghost' ? 'hit' : 'ghost';
    return nextLevel(now, this.brush);
  }

  #set(cell, level) {
    const [step, pitch] = cell.dataset.key.split(':').map(Number);
    this.#pattern.set(step, pitch, level);
  }

  #press(event) {
    const cell = event.target.closest('.cell');
    this.#pointer = event.pointerType;
    // A finger that moves scrolls; it sets single steps by tapping (`click`).
    if (!cell || event.pointerType === 'touch' || event.button !== 0) return;
    cell.focus({preventScroll: true}); // Safari gives a pressed button no focus; the arrow keys need it
    this.#painting = this.#levelAfter(cell, event);
    this.#set(cell, this.#painting);
  }

  #drag(event) {
    const cell = event.target.closest('.cell');
    if (this.#painting === null || !cell || !event.buttons) return;
    this.#set(cell, this.#painting);
  }

  #click(event) {
    const cell = event.target.closest('.cell');
    // Mouse and pen have painted already; a tap, a key or a screen reader's click has not.
    if (!cell || (event.detail && this.#pointer !== 'touch')) return;
    this.#set(cell, this.#levelAfter(cell, event));
  }

  #key(event) {
    const cell = event.target.closest('.cell');
    if (!cell || event.ctrlKey || event.metaKey) return;
    const [step, pitch] = cell.dataset.key.split(':').map(Number);
    const row = this.#drums.findIndex((drum) => drum.pitch === pitch);
    const {steps, barSteps} = this.#pattern;
    const moves = {
      ArrowRight: [step + 1, row], ArrowLeft: [step - 1, row],
      ArrowDown: [step, row + 1], ArrowUp: [step, row - 1],
      Home: [0, row], End: [steps - 1, row],
      PageDown: [step + barSteps, row], PageUp: [step - barSteps, row],
    };
    const levels = {Delete: '', Backspace: '', a: 'accent', g: 'ghost', h: 'hit'};
    if (moves[event.key]) {
      const [column, line] = moves[event.key];
      const drum = this.#drums[Math.max(0, Math.min(line, this.#drums.length - 1))];
      const at = Math.max(0, Math.min(column, steps - 1));
      this.#cells.get(`${at}:${drum.pitch}`).focus();
    } else if (event.key in levels) {
      this.#set(cell, levels[event.key]);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
}

/** Behind the drum's name, with a narrow gap between bars. */
function columnOf(step, barSteps) {
  return step + 2 + Math.floor(step / barSteps);
}

function counts({steps, barSteps, metre}) {
  const {beat, count: counted} = METRES[metre];
  const row = document.createElement('div');
  row.className = 'lane counts';
  row.ariaHidden = 'true';
  row.append(document.createElement('span'));
  for (let step = 0; step < steps; step += 1) {
    const count = document.createElement('span');
    const inside = step % barSteps;
    count.style.gridColumn = columnOf(step, barSteps);
    if (inside % counted === 0) {
      count.className = inside === 0 || (beat > counted && inside % beat === 0) ? 'bar' : 'beat';
      count.textContent = inside / counted + 1;
    }
    row.append(count);
  }
  return row;
}
