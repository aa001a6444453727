/** Places in a score that something is said about: a broken rule, a fine turn. */
import {tip} from './tip.js';

const MOST_STOPS = 40; // more badges are no stops of the tab key: whoever shows so many lists them too

/** Marks of one score; see `ScoreView.mark`. */
export class ScoreMarks {
  #stage;
  #chosen;
  #marks = [];
  #drawn = null; // {svg, places}

  constructor(stage, chosen) {
    this.#stage = stage;
    this.#chosen = chosen;
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
    if (!this.#drawn || !this.#marks.length) return;
    const layer = document.createElement('div');
    layer.className = 'score-marks';
    const taken = [];
    for (const [index, mark] of this.#marks.entries()) this.#one(layer, mark, index, taken);
    this.#stage.append(layer);
  }

  #one(layer, mark, index, taken) {
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
    layer.append(this.#badge(mark, index, first, bar, taken));
  }

  /** The number above the staff; several at one place stand side by side. */
  #badge(mark, index, first, bar, taken) {
    const badge = document.createElement('button');
    badge.type = 'button';
    badge.className = `score-mark ${mark.kind}`;
    badge.dataset.mark = mark.id;
    const label = mark.label ?? index + 1;
    if (this.#marks.filter(({badge: own}) => own !== false).length > MOST_STOPS) badge.tabIndex = -1;
    badge.textContent = label;
    badge.ariaLabel = `${label}: ${mark.text}`;
    let left = first.left + first.width / 2;
    const top = bar ? bar.staff.top : first.top;
    while (taken.some((one) => Math.abs(one.left - left) < 2.4 && Math.abs(one.top - top) < 0.5)) left += 2.4;
    taken.push({left, top});
    Object.assign(badge.style, {left: `${left}%`, top: `${top}%`});
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
