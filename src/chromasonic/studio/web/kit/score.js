/** An engraved score: it follows the sound, its bars can be chosen, its notes marked. */
import {call} from './api.js';
import {placed, safeSvg} from './score-drawing.js';
import {ScoreMarks} from './score-marks.js';
import {notesOf, soundingAt, track, whereAt} from './timeline.js';

const NARROW = 560; // pixels: below, the narrow engraving is shown

/**
 * Draws into an element. Events: `bar` (detail: {number, label}) when a bar is chosen, `mark`
 * (detail: the mark) when a marked place is, `shown` after each drawing.
 */
export class ScoreView extends EventTarget {
  #element;
  #stage;
  #files = null;
  #texts = {};
  #isNarrow = null;
  #timeline = null;
  #track = null;
  #player = null;
  #marks;
  #chosen = null;
  #isChoosing;
  #lit = [];
  #off = null;

  /**
   * @param {HTMLElement} element is filled
   * @param {{choosing?: boolean}} [options] choosing: a click on a bar chooses it (for doing
   *   something with it); else it only plays from there
   */
  constructor(element, {choosing = false} = {}) {
    super();
    this.#element = element;
    this.#isChoosing = choosing;
    element.classList.add('score');
    this.#stage = document.createElement('div');
    this.#stage.className = 'score-stage';
    element.replaceChildren(this.#stage);
    this.#marks = new ScoreMarks(this.#stage, (mark) => this.#emit('mark', mark));
    this.#stage.addEventListener('click', (event) => this.#clicked(event));
    this.#stage.addEventListener('keydown', (event) => this.#walked(event));
    new ResizeObserver(() => this.#fit()).observe(element);
  }

  /**
   * @param {{svg: string, narrow?: string, timeline: string | object}} files addresses; the narrow
   *   engraving of `score.svg` is `score-narrow.svg` if it is not named
   */
  async show({svg, narrow = svg.replace(/score\.svg/, 'score-narrow.svg'), timeline}) {
    this.#files = {wide: svg, narrow};
    this.#texts = {}; // a new object: what was asked for before may still come in
    const mine = this.#files;
    this.#element.setAttribute('aria-busy', 'true');
    try {
      const [told] = await Promise.all([
        typeof timeline === 'string' ? call(timeline) : timeline,
        this.#text(this.#wantsNarrow()).catch(() => this.#text(false)),
      ]);
      if (mine !== this.#files) return;
      this.#timeline = told;
      this.#chosen = null;
      this.#marks.clear();
      this.#isNarrow = null;
      await this.#fit();
    } finally {
      if (mine === this.#files) this.#element.removeAttribute('aria-busy');
    }
  }

  /** Show nothing. */
  clear() {
    this.#files = this.#timeline = this.#track = null;
    this.#isNarrow = null;
    this.#marks.clear();
    this.#stage.replaceChildren();
  }

  /** What sounds when; see `timeline.json`. */
  get timeline() { return this.#timeline; }

  /** Move a line with a player's sound and tint what sounds; null lets go. */
  follow(player) {
    this.#off?.abort();
    this.#player = player;
    if (!player) return;
    this.#off = new AbortController();
    const {signal} = this.#off;
    for (const name of ['time', 'play', 'pause', 'end', 'load']) {
      player.addEventListener(name, () => this.#follow(), {signal});
    }
    this.#follow();
  }

  /**
   * Mark notes with a reason that is told on hover, focus and click. Where many are about one
   * moment, they can share a badge: it bears `frame: false`, they `badge: false` and its id as `group`.
   * @param {{notes: string[], kind?: string, text: string, id?: string, label?: string | number,
   *   badge?: boolean, frame?: boolean, group?: string}[]} marks
   */
  mark(marks) { this.#marks.show(marks); }

  /** Make one mark stand out, by its id; null: none. */
  emphasize(id) { this.#marks.emphasize(id); }

  /** Choose a bar by its place on the page, from 1; null: none. */
  choose(number) {
    this.#chosen = number;
    for (const one of this.#stage.querySelectorAll('.score-bar')) {
      one.classList.toggle('is-chosen', Number(one.dataset.bar) === number);
      if (this.#isChoosing) one.ariaPressed = String(Number(one.dataset.bar) === number);
    }
  }

  /** The bar that is chosen, or null. */
  get chosen() { return this.#chosen; }

  #wantsNarrow() { return this.#element.clientWidth > 0 && this.#element.clientWidth < NARROW; }

  #text(isNarrow) {
    const [texts, name] = [this.#texts, isNarrow ? 'narrow' : 'wide'];
    texts[name] ??= call(this.#files[name]);
    return texts[name];
  }

  async #fit() {
    if (!this.#timeline || !this.#element.clientWidth) return;
    const isNarrow = this.#wantsNarrow();
    if (isNarrow === this.#isNarrow) return;
    this.#isNarrow = isNarrow;
    const files = this.#files;
    if (!files) return;
    const text = await this.#text(isNarrow).catch(() => this.#text(false));
    if (files !== this.#files || isNarrow !== this.#isNarrow) return;
    this.#draw(text);
  }

  #draw(text) {
    const svg = safeSvg(text);
    const line = document.createElement('div');
    line.className = 'score-cursor';
    line.hidden = true;
    this.#stage.replaceChildren(svg, line);
    this.#lit = [];
    const places = placed(svg);
    this.#track = track(this.#timeline, places);
    this.#stage.append(this.#bars(places));
    this.#marks.attach(svg, places);
    this.choose(this.#chosen);
    this.#follow();
    this.#emit('shown', null);
  }

  /** A button over each bar: one stop for the tab key, arrows go from bar to bar. */
  #bars(places) {
    const layer = document.createElement('div');
    layer.className = 'score-bars';
    layer.role = 'group';
    layer.ariaLabel = 'Bars; arrow keys go from one to the next';
    const labels = new Map(this.#timeline.bars.map((bar) => [bar.number, bar.label]));
    const seen = new Set();
    for (const [number, box] of places.bars) {
      const one = document.createElement('button');
      one.type = 'button';
      one.className = 'score-bar';
      one.dataset.bar = number;
      const label = labels.get(number) ?? number;
      one.ariaLabel = seen.has(label) ? `Bar ${label}, second part` : label === 0 ? 'Upbeat' : `Bar ${label}`;
      seen.add(label);
      if (this.#isChoosing) one.ariaPressed = 'false';
      one.setAttribute('aria-description', notesOf(this.#timeline, number));
      one.tabIndex = number === 1 ? 0 : -1;
      Object.assign(one.style, percent(box));
      layer.append(one);
    }
    return layer;
  }

  #clicked(event) {
    const bar = event.target.closest('.score-bar');
    if (!bar) return;
    const number = Number(bar.dataset.bar);
    const under = event.detail ? document.elementsFromPoint(event.clientX, event.clientY) : [];
    const note = under.map((one) => one.closest('[data-note]')).find(Boolean)?.dataset.note;
    const time = this.#timeOf(number, note);
    if (time !== null) this.#player?.seek(time);
    this.#here(bar);
    if (this.#isChoosing) this.choose(number === this.#chosen ? null : number);
    const label = this.#timeline.bars.find((one) => one.number === number)?.label ?? number;
    this.#emit('bar', {number, label, isChosen: this.#chosen === number});
  }

  #timeOf(number, note) {
    const at = this.#player?.position ?? 0;
    const starts = note
      ? this.#timeline.notes.filter((one) => one.id === note || one.tied?.includes(note))
      : this.#timeline.bars.filter((one) => one.number === number);
    const times = starts.map((one) => one.start);
    // Of several passes the one nearest to where the sound stands.
    return times.length ? times.reduce((a, b) => (Math.abs(b - at) < Math.abs(a - at) ? b : a)) : null;
  }

  #walked(event) {
    if (!event.target.matches('.score-bar')) return;
    const all = [...this.#stage.querySelectorAll('.score-bar')];
    const at = all.indexOf(event.target);
    const to = {
      ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1,
      ArrowDown: below(all, at, 1), ArrowUp: below(all, at, -1),
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = all[Math.min(Math.max(to, 0), all.length - 1)];
    this.#here(next);
    next.focus();
  }

  #here(bar) {
    for (const one of this.#stage.querySelectorAll('.score-bar')) one.tabIndex = -1;
    bar.tabIndex = 0;
  }

  #follow() {
    const line = this.#stage.querySelector('.score-cursor');
    if (!line || !this.#track) return;
    const at = this.#player?.position ?? 0;
    const isOn = Boolean(this.#player && (this.#player.isPlaying || at > 0));
    const place = isOn ? whereAt(this.#track, at) : null;
    line.hidden = !place;
    if (place) {
      Object.assign(line.style, {left: `${place.x}%`, top: `${place.top}%`, height: `${place.height}%`});
      if (this.#player.isPlaying) this.#reveal(line, place);
    }
    const now = isOn ? soundingAt(this.#timeline.notes, at) : [];
    const ids = new Set(now.flatMap((note) => [note.id, ...(note.tied ?? [])]));
    for (const one of this.#lit) if (!ids.has(one.dataset.note)) one.classList.remove('is-sounding');
    this.#lit = [...ids].flatMap((id) => [...this.#stage.querySelectorAll(`[data-note="${id}"]`)]);
    for (const one of this.#lit) one.classList.add('is-sounding');
  }

  /** Keep the system that sounds in sight, once a system. */
  #reveal(line, place) {
    if (this.#shownTop === place.top) return;
    this.#shownTop = place.top;
    const box = line.getBoundingClientRect();
    const isHidden = box.top < 70 || box.bottom > innerHeight - 30;
    const isHere = this.#element.getBoundingClientRect().bottom > 0;
    if (!isHidden || !isHere || document.hidden) return;
    const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches;
    scrollTo({top: scrollY + box.top - innerHeight * 0.25, behavior: isStill ? 'auto' : 'smooth'});
  }
  #shownTop = null;

  #emit(name, detail) { this.dispatchEvent(new CustomEvent(name, {detail})); }
}

/** A box in shares of the drawing as CSS. */
export function percent({left, top, width, height}) {
  return {left: `${left}%`, top: `${top}%`, width: `${width}%`, height: `${height}%`};
}

/** The bar of the next system that stands nearest. */
function below(all, at, step) {
  const boxes = all.map((one) => one.getBoundingClientRect());
  const rows = [...new Set(boxes.map((box) => Math.round(box.top)))].sort((a, b) => a - b);
  const row = rows[rows.indexOf(Math.round(boxes[at].top)) + step];
  if (row === undefined) return at;
  const far = (i) => Math.abs(boxes[i].left - boxes[at].left) + (Math.round(boxes[i].top) === row ? 0 : 1e6);
  return all.reduce((best, _, i) => (far(i) < far(best) ? i : best), at === 0 ? 1 : 0);
}
