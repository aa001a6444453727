/** Places in a score that something is said about: a broken rule, a fine turn. */
import {tip} from './tip.js';

const GAP = 3; // pixels between two badges
const MOST_STOPS = 40; // more badges are no stops of the tab key: whoever shows so many lists them too

/** Marks of one score; see `ScoreView.mark`. */
export class ScoreMarks {
  #stage;
  #chosen;
  #marks = [];
  #drawn = null; // {svg, places}
  #badges = []; // {badge, left, top} where each wants to stand, in hundredths

  constructor(stage, chosen) {
    this.#stage = stage;
    this.#chosen = chosen;
    new ResizeObserver(() => this.#spread()).observe(stage);
  }

  clear() {
    this.#marks = [];
    this.#draw();
  }

  show(marks) {
    this.#marks = marks.map((mark, i) => ({kind: 'fault', id: String(i + 1), ...mark}));
    this.#draw();
  }

  attach(svg, places) {
    this.#drawn = {svg, places};
    this.#draw();
  }

  emphasize(id) {
    const group = this.#marks.find((mark) => mark.id === String(id))?.group;
    for (const one of this.#stage.querySelectorAll('[data-mark]')) {
      const {mark, group: own} = one.dataset;
      one.classList.toggle('is-strong', [mark, own].includes(String(id)) || (group !== undefined && mark === group));
    }
  }

  #draw() {
    this.#stage.querySelector('.score-marks')?.remove();
    for (const one of this.#stage.querySelectorAll('.is-marked')) {
      one.classList.remove('is-marked');
      delete one.dataset.kinds;
    }
    this.#badges = [];
    if (!this.#drawn || !this.#marks.length) return;
    const layer = document.createElement('div');
    layer.className = 'score-marks';
    for (const [index, mark] of this.#marks.entries()) this.#one(layer, mark, index);
    this.#stage.append(layer);
    this.#spread();
  }

  /** Badges that would lie on each other stand side by side, in time; at the edge they move back. */
  #spread() {
    const {clientWidth: width, clientHeight: height} = this.#stage;
    const set = [];
    for (const {badge, left, top} of width ? this.#badges : []) {
      const [half, y] = [badge.offsetWidth / 2, (top / 100) * height];
      const row = set.filter((one) => Math.abs(one.y - y) < badge.offsetHeight);
      const free = (from, way) => {
        const near = row.find((one) => Math.abs(one.x - from) < one.half + half + GAP - 0.01);
        return near ? free(near.x + way * (near.half + half + GAP), way) : from;
      };
      let x = free((left / 100) * width, 1);
      if (x + half > width) x = free(width - half, -1);
      set.push({x, y, half});
      badge.style.left = `${(x / width) * 100}%`;
    }
  }

  #one(layer, mark, index) {
    const {svg, places} = this.#drawn;
    const boxes = mark.notes.map((id) => places.notes.get(id)).filter(Boolean);
    if (!boxes.length) return;
    for (const id of mark.notes) {
      const note = svg.querySelector(`[data-note="${CSS.escape(id)}"]`);
      note?.classList.add('is-marked');
      if (note) note.dataset.kinds = `${note.dataset.kinds ?? ''} ${mark.kind}`.trim();
    }
    const system = (box) => [...places.bars.values()].find((bar) => box.top >= bar.top - 1 && box.top <= bar.top + bar.height)?.system ?? 0;
    for (const row of mark.frame === false ? [] : grouped(boxes, system)) layer.append(frame(row, mark));
    if (mark.badge === false) return;
    const first = boxes.reduce((a, b) => (b.left < a.left || system(b) < system(a) ? b : a));
    const bar = [...places.bars.values()].find((one) => one.system === system(first));
    const badge = this.#badge(mark, index);
    const [left, top] = [first.left + first.width / 2, bar ? bar.staff.top : first.top];
    badge.style.top = `${top}%`;
    this.#badges.push({badge, left, top});
    layer.append(badge);
  }

  /** The number above the staff. */
  #badge(mark, index) {
    const badge = document.createElement('button');
    badge.type = 'button';
    badge.className = `score-mark ${mark.kind}`;
    badge.dataset.mark = mark.id;
    const label = mark.label ?? index + 1;
    if (this.#marks.filter(({badge: own}) => own !== false).length > MOST_STOPS) badge.tabIndex = -1;
    badge.textContent = label;
    badge.ariaLabel = `${label}: ${mark.text}`;
    tip(badge, mark.text);
    const strong = (isOn) => this.emphasize(isOn ? mark.id : null);
    badge.addEventListener('pointerenter', () => strong(true));
    badge.addEventListener('pointerleave', () => strong(false));
    badge.addEventListener('focus', () => strong(true));
    badge.addEventListener('blur', () => strong(false));
    badge.addEventListener('click', (event) => {
      event.stopPropagation();
      this.#chosen(mark);
    });
    return badge;
  }
}

function grouped(boxes, key) {
  const groups = new Map();
  for (const box of boxes) groups.set(key(box), [...(groups.get(key(box)) ?? []), box]);
  return groups.values();
}

function frame(boxes, mark) {
  const left = Math.min(...boxes.map((box) => box.left));
  const top = Math.min(...boxes.map((box) => box.top));
  const right = Math.max(...boxes.map((box) => box.left + box.width));
  const bottom = Math.max(...boxes.map((box) => box.top + box.height));
  const made = document.createElement('div');
  made.className = `score-frame ${mark.kind}`;
  made.dataset.mark = mark.id;
  if (mark.group) made.dataset.group = mark.group;
  Object.assign(made.style, {
    left: `${left}%`, top: `${top}%`, width: `${right - left}%`, height: `${bottom - top}%`,
  });
  return made;
}
