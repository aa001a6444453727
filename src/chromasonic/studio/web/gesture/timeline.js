/** What happened when: gestures, how sure the model was, how fast it went, what it plays. */
import {svg} from '../kit/chart-parts.js';

const LANES = {gestures: 58, certainty: 84, speed: 40, notes: 104, controllers: 44};
const [TOP, GAP, HEAD] = [18, 12, 92];
const PIXELS_A_SECOND = 16;
const WIDEST = 16_000;
const NAMES = ['C', 'C♯', 'D', 'E♭', 'E', 'F', 'F♯', 'G', 'A♭', 'A', 'B♭', 'B'];

/** What a MIDI note is called. */
export function noteName(pitch) {
  return `${NAMES[pitch % 12]}${Math.floor(pitch / 12) - 1}`;
}

export class Timeline {
  #element;
  #clock;
  #shown = null;
  #colours = new Map();
  #line = null;
  #x = (seconds) => seconds;
  #last = 0;
  #heads = null; // stay where they are while the picture is moved
  #isHeld = false; // by a pointer: what is under it stays

  /** @param {HTMLElement} element scrolls sideways @param {import('./clock.js').Clock} clock */
  constructor(element, clock) {
    this.#element = element;
    this.#clock = clock;
    new ResizeObserver(() => this.#shown && this.#draw()).observe(element);
    for (const name of ['time', 'load']) clock.addEventListener(name, () => this.#follow());
    element.addEventListener('scroll', () => this.#heads?.setAttribute('transform', `translate(${element.scrollLeft})`));
    element.addEventListener('pointerdown', (event) => this.#press(event));
  }

  /** A class's colour, everywhere the same. */
  colourOf(name) {
    return this.#colours.get(name) ?? 'var(--soft)';
  }

  /** @param {{events: object[], seconds: number}} data @param {object} course see the studio */
  show(data, course) {
    this.#shown = {data, course};
    this.#colours = new Map(course.classes.map((name, n) => [name, colour(n)]));
    this.#draw();
  }

  clear() {
    this.#shown = null;
    this.#element.replaceChildren();
  }

  #draw() {
    const {data, course} = this.#shown;
    const room = this.#element.clientWidth - 2;
    const width = Math.max(room, Math.min(WIDEST, HEAD + data.seconds * PIXELS_A_SECOND), 300);
    const lanes = Object.keys(LANES).filter((name) => this.#has(name, course));
    const height = TOP + lanes.reduce((sum, name) => sum + LANES[name] + GAP, 0);
    this.#x = (seconds) => HEAD + (seconds / data.seconds) * (width - HEAD - 14);
    const picture = svg('svg', {viewBox: `0 0 ${width} ${height}`, width, height, role: 'img'});
    picture.setAttribute('aria-label', inWords(data));
    this.#drawSeconds(picture, data.seconds, width, height);
    this.#heads = svg('g', {}, svg('rect', {width: HEAD - 2, height, class: 'heads'}));
    let y = TOP;
    for (const name of lanes) {
      this.#heads.append(svg('text', {x: 0, y: y + 14, class: 'lane-name'}, TITLES[name]));
      this[`draw_${name}`](picture, y, LANES[name]);
      y += LANES[name] + GAP;
    }
    this.#line = svg('line', {y1: 4, y2: height, class: 'now'});
    picture.append(this.#line, this.#heads);
    this.#heads.setAttribute('transform', `translate(${this.#element.scrollLeft})`);
    this.#element.replaceChildren(picture);
    this.#follow();
  }

  #has(name, course) {
    if (name === 'notes') return course.notes.length > 0;
    if (name === 'controllers') return course.controls.length > 0;
    return name !== 'certainty' || course.times.length > 0;
  }

  #drawSeconds(picture, seconds, width, height) {
    const each = [1, 2, 5, 10, 30, 60, 300].find((one) => (one / seconds) * (width - HEAD) > 46) ?? 600;
    for (let at = 0; at <= seconds; at += each) {
      const x = this.#x(at);
      picture.append(svg('line', {x1: x, x2: x, y1: TOP - 4, y2: height, class: 'grid-line'}));
      const words = at < 60 ? `${at} s` : `${Math.floor(at / 60)}:${String(at % 60).padStart(2, '0')}`;
      picture.append(svg('text', {x: x + 2, y: 10, class: 'tick'}, words));
    }
  }

  draw_gestures(picture, y, height) {
    const free = [0, 0]; // where each of two rows of words ends
    for (const event of [...this.#shown.data.events].sort((a, b) => a.start - b.start)) {
      const [from, to] = [this.#x(event.start), this.#x(event.end)];
      const colour = event.class ? this.colourOf(event.class) : 'var(--soft)';
      const words = event.class ?? '?';
      const box = svg('rect', {
        x: from, width: Math.max(3, to - from), y: y + 32, height: height - 32, rx: 4,
        fill: colour, 'fill-opacity': event.class ? 0.25 + 0.65 * event.certainty : 0.2,
      });
      box.append(svg('title', {}, `${words}, ${percent(event.certainty)}, ${event.start.toFixed(1)} to ${event.end.toFixed(1)} s`));
      const row = free[1] <= from ? 1 : Number(free[0] > from && free[1] < free[0]);
      const text = svg('text', {x: from, y: y + 12 + row * 15, class: event.class ? 'event' : 'event unknown'}, words);
      picture.append(box);
      if (free[row] <= from) {
        picture.append(text);
        free[row] = from + words.length * 7.4 + 10;
      }
    }
  }

  draw_certainty(picture, y, height) {
    const {course} = this.#shown;
    const place = (share) => y + height - share * (height - 6);
    this.#scale(picture, [[0, '0'], [0.5, '50 %'], [1, '100 %']], place);
    course.classes.forEach((name, n) => {
      const colour = this.colourOf(name);
      const points = course.times.map((time, at) => [this.#x(time), place(course.chances[n][at])]);
      if (course.is_causal) {
        picture.append(svg('path', {d: path(points, course.times, course.gap), stroke: colour, class: 'curve'}, svg('title', {}, name)));
      } else {
        for (const [x, at] of points) {
          picture.append(svg('circle', {cx: x, cy: at, r: 3.5, fill: colour}, svg('title', {}, name)));
        }
      }
    });
  }

  draw_speed(picture, y, height) {
    const {efforts, effort_seconds: each} = this.#shown.course;
    const most = Math.max(1, ...efforts);
    const points = efforts.map((one, n) => `${this.#x((n + 0.5) * each).toFixed(1)},${(y + height - (one / most) * height).toFixed(1)}`);
    if (!points.length) return;
    const first = this.#x(0).toFixed(1);
    const last = points.at(-1).split(',')[0];
    picture.append(svg('path', {d: `M${first},${y + height} L${points.join(' L')} L${last},${y + height} Z`, class: 'speed'}));
  }

  draw_notes(picture, y, height) {
    const {notes} = this.#shown.course;
    const drums = notes.filter((note) => note[4] === 9);
    const pitched = notes.filter((note) => note[4] !== 9);
    const low = Math.min(...pitched.map((note) => note[2]), 60) - 1;
    const high = Math.max(...pitched.map((note) => note[2]), 60) + 1;
    const floor = drums.length ? 16 : 0;
    const row = (height - floor) / (high - low + 1);
    const marks = [low + 1, high - 1].map((pitch) => [pitch, noteName(pitch)]);
    this.#scale(picture, pitched.length ? marks : [], (pitch) => y + (high - pitch + 0.5) * row + 3);
    const channels = [...new Set(pitched.map((note) => note[4]))].sort();
    for (const [start, end, pitch, velocity, channel] of pitched) {
      picture.append(svg('rect', {
        x: this.#x(start), width: Math.max(2, this.#x(end) - this.#x(start) - 1),
        y: y + (high - pitch) * row, height: Math.max(2.5, row - 0.6), rx: 1.5,
        fill: `var(--series-${[1, 3, 4, 2, 5, 6][channels.indexOf(channel) % 6]})`,
        opacity: 0.4 + (0.6 * velocity) / 127,
      }, svg('title', {}, noteName(pitch))));
    }
    for (const [start, , pitch, velocity] of drums) {
      const at = y + height - [12, 8, 4][[36, 35].includes(pitch) ? 2 : [37, 38, 39, 40].includes(pitch) ? 1 : 0];
      picture.append(svg('rect', {x: this.#x(start), y: at, width: 3, height: 3, fill: 'var(--series-2)', opacity: 0.4 + (0.6 * velocity) / 127}));
    }
  }

  draw_controllers(picture, y, height) {
    const byNumber = new Map();
    for (const [time, number, value] of this.#shown.course.controls) {
      if (!byNumber.has(number)) byNumber.set(number, []);
      byNumber.get(number).push([time, value]);
    }
    let n = 0;
    for (const [number, changes] of byNumber) {
      const parts = changes.map(([time, value], at) => {
        const [x, level] = [this.#x(time).toFixed(1), (y + height - (value / 127) * height).toFixed(1)];
        return at ? `H${x} V${level}` : `M${x},${level}`;
      });
      const colour = `var(--series-${(n % 6) + 1})`;
      picture.append(svg('path', {d: `${parts.join(' ')} H${this.#x(this.#shown.data.seconds)}`, stroke: colour, class: 'curve'}, svg('title', {}, `controller ${number}`)));
      n += 1;
    }
  }

  #scale(picture, marks, place) {
    for (const [value, words] of marks) {
      const y = place(value);
      picture.append(svg('line', {x1: HEAD, x2: '100%', y1: y, y2: y, class: 'level'}));
      this.#heads.append(svg('text', {x: HEAD - 8, y: y + 4, class: 'tick end'}, words));
    }
  }

  #follow() {
    if (!this.#shown || !this.#line) return;
    const x = this.#x(Math.min(this.#clock.position, this.#shown.data.seconds));
    this.#line.setAttribute('x1', x);
    this.#line.setAttribute('x2', x);
    const place = this.#element;
    const isSame = Math.abs(x - this.#last) < 0.01;
    this.#last = x;
    if (isSame || this.#isHeld || place.scrollWidth <= place.clientWidth + 2) return;
    if (x > place.scrollLeft + place.clientWidth - 30 || x < place.scrollLeft + HEAD) {
      place.scrollLeft = Math.max(0, x - HEAD - 20);
    }
  }

  #press(event) {
    if (!this.#shown || event.button !== 0) return;
    const seek = ({clientX}) => {
      const box = this.#element.firstElementChild.getBoundingClientRect();
      const [from, to] = [this.#x(0), this.#x(this.#shown.data.seconds)];
      this.#clock.seek(((clientX - box.left - from) / (to - from)) * this.#shown.data.seconds);
    };
    this.#isHeld = true;
    seek(event);
    this.#isHeld = false;
    if (event.pointerType === 'touch') return;
    this.#isHeld = true;
    const end = () => {
      this.#isHeld = false;
      removeEventListener('pointermove', seek);
    };
    addEventListener('pointermove', seek);
    addEventListener('pointerup', end, {once: true});
  }
}

const TITLES = {gestures: 'Gestures', certainty: 'Certainty', speed: 'Speed', notes: 'Notes', controllers: 'Controllers'};

/** What a gesture did, with notes by their names. */
export function deed(words) {
  return words.replace(/^note ([\d ]+)$/, (_, pitches) => `note ${pitches.split(' ').map((one) => noteName(Number(one))).join(' ')}`);
}

/** A colour of its own for each of twelve; neighbours lie far from each other. */
function colour(n) {
  return `oklch(var(--class-light) 0.115 ${(205 + n * 150) % 360})`;
}

/** 0.973 as "97 %". */
export function percent(share) {
  return `${Math.round(share * 100)} %`;
}

/** A curve that is broken where the model said nothing for a while. */
function path(points, times, gap) {
  return points.map(([x, y], n) => {
    const isNew = n === 0 || times[n] - times[n - 1] > gap;
    return `${isNew ? 'M' : 'L'}${x.toFixed(1)},${y.toFixed(1)}`;
  }).join(' ');
}

function inWords({events, seconds}) {
  const known = events.filter((event) => event.class);
  const first = known.slice(0, 12).map((event) => `${event.class} at ${event.start.toFixed(1)} seconds, ${percent(event.certainty)} certain`);
  return `${known.length} gestures in ${seconds.toFixed(0)} seconds${first.length ? `: ${first.join('; ')}` : ''}. The list below has each of them.`;
}
