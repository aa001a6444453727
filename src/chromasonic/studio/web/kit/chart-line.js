/** Lines over an axis: learning curves, anything that goes on. */
import {colour, dash, html, logTicks, said, setMark, shape, svg, swatch, tableBelow, ticks} from './chart-parts.js';

const MARGIN = {top: 10, right: 14, bottom: 34, left: 52};

/**
 * Draw lines; the value returned draws them anew, in place.
 * @param {HTMLElement} element
 * @param {LineOptions} options
 * @returns {{update: (options: Partial<LineOptions>) => void, hidden: Set<string>}}
 *
 * @typedef {object} Line
 * @property {string} name
 * @property {[number, number | null][]} points by x
 * @property {number} [place] colour and mark, from 0; by default its place among the lines
 * @property {number} [dashes] 0 full, 1 to 3 dashed
 *
 * @typedef {object} LineOptions
 * @property {string} title in words, for those who do not see it
 * @property {Line[]} series
 * @property {{label: string, whole?: boolean}} x
 * @property {{label: string, log?: boolean, from?: number, to?: number}} y
 * @property {number} [smoothing] 0 to below 1: share of the line before that stays
 * @property {number} [height] in pixels
 * @property {string} [empty] what is said when there is nothing yet
 * @property {boolean} [legend] whether there is one
 */
export function lineChart(element, options) {
  return new LineChart(element, options);
}

/** Exponential smoothing, corrected at the beginning so that it starts where the line does. */
export function smoothed(points, share) {
  if (!share) return points;
  let mean = 0;
  let weight = 0;
  return points.map(([x, y]) => {
    if (y === null || !Number.isFinite(y)) return [x, y];
    mean = share * mean + (1 - share) * y;
    weight = share * weight + (1 - share);
    return [x, mean / weight];
  });
}

class LineChart {
  constructor(element, options) {
    this.options = {height: 240, smoothing: 0, legend: true, empty: 'Nothing yet.', ...options};
    this.hidden = new Set();
    this.at = null;
    this.paths = new Map();
    element.classList.add('chart');
    this.legend = html('div', {class: 'chart-legend', role: 'group', 'aria-label': 'Lines shown'});
    this.grid = svg('g', {class: 'chart-grid'});
    this.lines = svg('g', {class: 'chart-lines'});
    this.guide = svg('g', {class: 'chart-guide'});
    this.picture = svg('svg', {role: 'img'}, this.grid, this.lines, this.guide);
    this.plot = html('div', {
      class: 'chart-plot', role: 'slider', tabIndex: 0, 'aria-label': options.x.label,
    }, this.picture);
    this.readout = html('p', {class: 'chart-readout', ariaHidden: 'true'});
    element.replaceChildren(this.legend, this.plot, this.readout);
    this.fillTable = tableBelow(element, () => this.table());
    this.listen();
    new ResizeObserver(() => this.draw()).observe(this.plot);
    this.draw();
  }

  update(options) {
    Object.assign(this.options, options);
    this.draw();
  }

  listen() {
    this.plot.addEventListener('pointermove', (event) => {
      const left = event.clientX - this.plot.getBoundingClientRect().left;
      this.show(this.nearest(this.scaleX?.invert(left)));
    });
    this.plot.addEventListener('pointerleave', () => {
      if (document.activeElement !== this.plot) this.show(null);
    });
    this.plot.addEventListener('blur', () => this.show(null));
    this.plot.addEventListener('focus', () => this.show(this.at ?? this.xs().at(-1) ?? null));
    this.plot.addEventListener('keydown', (event) => this.key(event));
  }

  key(event) {
    const xs = this.xs();
    const here = xs.indexOf(this.at);
    const to = {
      ArrowLeft: here - 1, ArrowDown: here - 1, ArrowRight: here + 1, ArrowUp: here + 1,
      Home: 0, End: xs.length - 1, PageUp: here + 10, PageDown: here - 10,
    }[event.key];
    if (to === undefined || !xs.length) return;
    event.preventDefault();
    this.show(xs[Math.max(0, Math.min(xs.length - 1, to))]);
  }

  /** The lines that are shown, smoothed. */
  shown() {
    return this.options.series
      .map((one, index) => ({place: index, dashes: 0, ...one}))
      .filter((one) => !this.hidden.has(one.name))
      .map((one) => ({...one, drawn: smoothed(one.points, this.options.smoothing)}));
  }

  xs() {
    const all = this.shown().flatMap((one) => one.points.map(([x]) => x));
    return [...new Set(all)].sort((a, b) => a - b);
  }

  nearest(x) {
    if (x === undefined) return null;
    let best = null;
    for (const one of this.xs()) if (best === null || Math.abs(one - x) < Math.abs(best - x)) best = one;
    return best;
  }

  draw() {
    this.drawLegend();
    const width = Math.max(200, this.plot.clientWidth);
    const {height, title} = this.options;
    this.picture.setAttribute('viewBox', `0 0 ${width} ${height}`);
    this.picture.setAttribute('width', width);
    this.picture.setAttribute('height', height);
    this.picture.setAttribute('aria-label', `${title}. ${this.summary()}`);
    this.scale(width, height);
    this.drawGrid(width, height);
    this.drawLines();
    this.show(this.at !== null && this.xs().includes(this.at) ? this.at : null);
    this.fillTable();
  }

  scale(width, height) {
    const lines = this.shown();
    const points = lines.flatMap((one) => one.drawn).filter(([, y]) => this.isDrawn(y));
    this.isEmpty = points.length === 0;
    const xs = points.map(([x]) => x);
    const ys = points.map(([, y]) => y);
    const {log, from, to} = this.options.y;
    let x0 = Math.min(...xs, Infinity);
    let x1 = Math.max(...xs, -Infinity);
    let y0 = from ?? Math.min(...ys);
    let y1 = to ?? Math.max(...ys);
    if (this.isEmpty) [x0, x1, y0, y1] = [0, 1, log ? 0.1 : 0, 1];
    if (x0 === x1) [x0, x1] = [x0 - 1, x1 + 1];
    if (y0 === y1) [y0, y1] = log ? [y0 / 2, y1 * 2] : [y0 - Math.abs(y0 || 1) / 10, y1 + Math.abs(y1 || 1) / 10];
    const room = log ? 0 : (y1 - y0) * 0.06;
    const change = log ? Math.log10 : (value) => value;
    const [a, b] = [change(from ?? y0 - room), change(to ?? y1 + room)];
    const [left, right] = [MARGIN.left, width - MARGIN.right];
    const [top, bottom] = [MARGIN.top, height - MARGIN.bottom];
    this.scaleX = (x) => left + ((x - x0) / (x1 - x0)) * (right - left);
    this.scaleX.invert = (pixel) => x0 + ((pixel - left) / (right - left)) * (x1 - x0);
    this.scaleY = (y) => bottom - ((change(y) - a) / (b - a)) * (bottom - top);
    this.range = {x0, x1, y0: log ? y0 : a, y1: log ? y1 : b};
  }

  isDrawn(y) {
    return y !== null && Number.isFinite(y) && (!this.options.y.log || y > 0);
  }

  drawGrid(width, height) {
    const {x, y} = this.options;
    const {x0, x1, y0, y1} = this.range;
    const bottom = height - MARGIN.bottom;
    const parts = [];
    const heights = y.log ? logTicks(y0, y1) : ticks(y0, y1, Math.max(2, Math.floor(height / 55)));
    for (const one of this.isEmpty ? [] : heights) {
      const at = this.scaleY(one);
      parts.push(svg('path', {d: `M${MARGIN.left} ${at}H${width - MARGIN.right}`}));
      parts.push(text(MARGIN.left - 8, at + 4, said(one), 'end'));
    }
    for (const one of this.isEmpty ? [] : ticks(x0, x1, Math.max(2, Math.floor(width / 90)), x.whole)) {
      parts.push(svg('path', {d: `M${this.scaleX(one)} ${bottom}v5`}));
      parts.push(text(this.scaleX(one), bottom + 18, said(one), 'middle'));
    }
    parts.push(svg('path', {class: 'axis', d: `M${MARGIN.left} ${bottom}H${width - MARGIN.right}`}));
    parts.push(text(width - MARGIN.right, height - 3, x.label, 'end', 'label'));
    parts.push(text(4, height - 3, y.label, 'start', 'label'));
    if (this.isEmpty) parts.push(text(width / 2, height / 2, this.options.empty, 'middle', 'empty'));
    this.grid.replaceChildren(...parts);
  }

  drawLines() {
    const kept = new Set();
    for (const one of this.shown()) {
      kept.add(one.name);
      let path = this.paths.get(one.name);
      if (!path) {
        path = svg('path', {fill: 'none'});
        path.mark = svg('path', {'stroke-width': 1.5});
        this.lines.append(path, path.mark);
        this.paths.set(one.name, path);
      }
      path.setAttribute('d', this.line(one.drawn));
      path.setAttribute('stroke', colour(one.place));
      path.setAttribute('stroke-dasharray', dash(one.dashes));
      const last = one.drawn.findLast(([, y]) => this.isDrawn(y));
      path.mark.setAttribute('d', last ? shape(one.place, 3.6) : '');
      setMark(path.mark, one.place, Boolean(one.dashes));
      if (last) path.mark.setAttribute('transform', `translate(${this.scaleX(last[0])} ${this.scaleY(last[1])})`);
    }
    for (const [name, path] of this.paths) {
      if (kept.has(name)) continue;
      path.mark.remove();
      path.remove();
      this.paths.delete(name);
    }
  }

  line(points) {
    let pen = 'M';
    let d = '';
    for (const [x, y] of points) {
      if (!this.isDrawn(y)) {
        pen = 'M';
        continue;
      }
      d += `${pen}${this.scaleX(x).toFixed(1)} ${this.scaleY(y).toFixed(1)}`;
      pen = 'L';
    }
    return d;
  }

  drawLegend() {
    const {series, legend} = this.options;
    this.legend.hidden = !legend || series.length < 1;
    const key = JSON.stringify(series.map((one) => [one.name, one.place, one.dashes]));
    if (this.legend.hidden || key === this.legendKey) return;
    this.legendKey = key;
    this.legend.replaceChildren(...series.map((one, index) => {
      const button = html('button', {
        type: 'button', class: 'chart-key', ariaPressed: String(!this.hidden.has(one.name)),
      }, swatch({place: one.place ?? index, dashes: one.dashes}), one.name);
      button.addEventListener('click', () => {
        if (!this.hidden.delete(one.name)) this.hidden.add(one.name);
        button.ariaPressed = String(!this.hidden.has(one.name));
        this.draw();
      });
      return button;
    }));
  }

  /** Show the values at an x; null shows the last ones. */
  show(x) {
    this.at = x;
    const xs = this.xs();
    const at = x ?? xs.at(-1) ?? null;
    const lines = this.shown();
    const values = lines.map((one) => [one, one.drawn.find(([found]) => found === at)?.[1] ?? null]);
    const told = values.filter(([, y]) => y !== null).map(([one, y]) => `${one.name} ${said(y)}`);
    const words = at === null ? this.options.empty : `${this.options.x.label} ${said(at)}: ${told.join(', ')}`;
    this.readout.textContent = at === null ? '' : words;
    this.plot.setAttribute('aria-valuemin', xs[0] ?? 0);
    this.plot.setAttribute('aria-valuemax', xs.at(-1) ?? 0);
    this.plot.setAttribute('aria-valuenow', at ?? 0);
    this.plot.setAttribute('aria-valuetext', words);
    if (x === null) return this.guide.replaceChildren();
    const height = this.options.height - MARGIN.bottom;
    const across = this.scaleX(x);
    const dots = values.filter(([, y]) => this.isDrawn(y)).map(([one, y]) => svg('path', {
      d: shape(one.place, 4.5), fill: colour(one.place), transform: `translate(${across} ${this.scaleY(y)})`,
    }));
    this.guide.replaceChildren(svg('path', {d: `M${across} ${MARGIN.top}V${height}`}), ...dots);
    return undefined;
  }

  /** What the lines do, in words. */
  summary() {
    const told = this.options.series.map((one) => {
      const values = one.points.filter(([, y]) => y !== null && Number.isFinite(y));
      if (!values.length) return `${one.name}: nothing yet`;
      return `${one.name}: from ${said(values[0][1])} to ${said(values.at(-1)[1])}`;
    });
    return told.join('; ') || this.options.empty;
  }

  table() {
    const lines = this.shown();
    const rows = this.xs().map((x) => [
      said(x), ...lines.map((one) => said(one.points.find(([found]) => found === x)?.[1] ?? null)),
    ]);
    return {
      headings: [this.options.x.label, ...lines.map((one) => one.name)], rows,
      caption: this.options.title,
    };
  }
}

function text(x, y, content, anchor, kind = '') {
  return svg('text', {x, y, 'text-anchor': anchor, class: kind}, content);
}
