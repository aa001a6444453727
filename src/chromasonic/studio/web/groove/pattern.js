/** A pattern of sixteenths: what is struck where, how fast, in which feel; and as an address. */

/** Velocity of each kind of hit, and the character it is written with. */
export const LEVELS = {hit: 100, accent: 120, ghost: 60};
const CHARACTERS = {hit: 'x', accent: 'X', ghost: 'o'};
const LEVEL_OF = {x: 'hit', X: 'accent', o: 'ghost'};

/** Metres: sixteenths of a bar, of a beat, and of what is counted. */
export const METRES = {
  '4/4': {bar: 16, beat: 4, count: 4},
  '3/4': {bar: 12, beat: 4, count: 4},
  '6/8': {bar: 12, beat: 6, count: 2},
};

/** What a velocity is nearest to. */
export function levelOf(velocity) {
  if (velocity >= 112) return 'accent';
  return velocity <= 74 ? 'ghost' : 'hit';
}

/** Fires `change` after each edit. */
export class Pattern extends EventTarget {
  bars = 1;
  tempo = 100;
  swing = 50;
  swung = 16;
  metre = '4/4';
  title = 'My groove';
  #hits = new Map();

  get steps() {
    return this.bars * this.barSteps;
  }

  get barSteps() {
    return METRES[this.metre].bar;
  }

  /** Where in its bar a step is, in words: "beat 2 and", "bar 3, beat 1". */
  placeOf(step) {
    const {bar, count} = METRES[this.metre];
    const [inside, names] = [step % bar, count === 4 ? ['', ' e', ' and', ' a'] : ['', ' and']];
    const beat = `beat ${Math.floor(inside / count) + 1}${names[inside % count]}`;
    return this.bars > 1 ? `bar ${Math.floor(step / bar) + 1}, ${beat}` : beat;
  }

  get isEmpty() {
    return this.hits().length === 0;
  }

  /** @returns {'hit' | 'accent' | 'ghost' | ''} */
  at(step, pitch) {
    return this.#hits.get(`${step}:${pitch}`) ?? '';
  }

  set(step, pitch, level) {
    if (this.at(step, pitch) === level) return;
    if (level) this.#hits.set(`${step}:${pitch}`, level);
    else this.#hits.delete(`${step}:${pitch}`);
    this.#changed();
  }

  clear() {
    this.#hits.clear();
    this.#changed();
  }

  /** Set tempo, feel, title, metre or bars; a longer pattern repeats what there is, a bar does not. */
  update(values) {
    if (METRES[values.metre]) this.#setMetre(values.metre);
    const before = this.steps;
    Object.assign(this, values);
    for (let step = before; step < this.steps; step += 1) {
      for (const [key, level] of [...this.#hits]) {
        const [at, pitch] = key.split(':').map(Number);
        if (at === step % before && !this.at(step, pitch)) {
          this.#hits.set(`${step}:${pitch}`, level);
        }
      }
    }
    this.#hits = new Map([...this.#hits].filter(([key]) => parseInt(key, 10) < this.steps));
    this.#changed();
  }

  /** Each bar keeps its beginning; what a shorter bar has no room for is left out. */
  #setMetre(metre) {
    const [old, now] = [this.barSteps, METRES[metre].bar];
    this.metre = metre;
    this.#hits = new Map([...this.#hits].flatMap(([key, level]) => {
      const [step, pitch] = key.split(':').map(Number);
      const inside = step % old;
      return inside < now ? [[`${Math.floor(step / old) * now + inside}:${pitch}`, level]] : [];
    }));
  }

  /** [step, pitch, velocity] in order. */
  hits() {
    return [...this.#hits]
      .map(([key, level]) => [...key.split(':').map(Number), LEVELS[level]])
      .filter(([step]) => step < this.steps)
      .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  }

  pitches() {
    return new Set(this.hits().map(([, pitch]) => pitch));
  }

  /** Take all from {hits, bars, tempo, swing, swung, metre?, name?}. */
  take({hits, bars, tempo, swing, swung, metre, name}) {
    Object.assign(this, {bars, tempo, swing, swung, metre: METRES[metre] ? metre : '4/4'});
    if (name) this.title = name;
    this.#hits = new Map(hits.map(([step, pitch, v]) => [`${step}:${pitch}`, levelOf(v)]));
    this.#changed();
  }

  toJSON() {
    const {bars, tempo, swing, swung, metre} = this;
    return {hits: this.hits(), bars, tempo, swing, swung, metre};
  }

  /** As the part of an address behind #. */
  toAddress() {
    const parts = new URLSearchParams({
      name: this.title, bars: this.bars, tempo: this.tempo, swing: this.swing, swung: this.swung,
    });
    if (this.metre !== '4/4') parts.set('metre', this.metre);
    const all = this.hits();
    for (const pitch of this.pitches()) {
      const line = Array.from({length: this.steps}, (_, step) => {
        const level = this.at(step, pitch);
        return level ? CHARACTERS[level] : '.';
      });
      parts.set(`d${pitch}`, line.join(''));
    }
    return all.length ? parts.toString() : '';
  }

  /** Take what an address says. @returns {boolean} whether it said anything */
  takeAddress(text) {
    const parts = new URLSearchParams(text);
    const number = (key, low, high, usual) => {
      const value = Number(parts.get(key) ?? NaN);
      return value >= low && value <= high ? value : usual;
    };
    const bars = [1, 2, 4].find((one) => one === Number(parts.get('bars')));
    if (!bars) return false;
    const metre = METRES[parts.get('metre')] ? parts.get('metre') : '4/4';
    const hits = [];
    for (const [key, line] of parts) {
      const pitch = /^d\d{1,3}$/.test(key) ? Number(key.slice(1)) : -1;
      if (pitch < 0 || pitch > 127) continue;
      [...line].slice(0, bars * METRES[metre].bar).forEach((one, step) => {
        if (LEVEL_OF[one]) hits.push([step, pitch, LEVELS[LEVEL_OF[one]]]);
      });
    }
    this.take({
      hits, bars, metre,
      tempo: number('tempo', 30, 300, 100),
      swing: number('swing', 50, 75, 50),
      swung: number('swung', 8, 8, 16),
      name: (parts.get('name') ?? '').slice(0, 80),
    });
    return true;
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }
}

/** Where a moment of a round lies on the grid, in steps; the feel is taken out. */
export function stepAt(share, {steps, swing, swung}) {
  const pair = swung === 16 ? 2 : 4;
  const at = share * steps;
  const begin = Math.floor(at / pair) * pair;
  const inside = (at - begin) / pair;
  const first = swing / 100;
  const even = inside < first ? (inside / first) / 2 : 0.5 + (inside - first) / (1 - first) / 2;
  return begin + even * pair;
}
