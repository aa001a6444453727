/** Several figures of a few things at once: a radar, and figures with their intervals. */
import {colour, dash, html, said, shape, svg, swatch, tableBelow, ticks, whenSized} from './chart-parts.js';

/**
 * Draw a radar; further out is better on every axis.
 * @param {HTMLElement} element
 * @param {{title: string, axes: {label: string}[], series: {name: string, values: (number | null)[],
 *   texts: string[]}[], says?: string}} options `values`: 0 (centre) to 1 (rim); `texts`: the
 *   figures themselves, for the table; `says`: what it means, below it
 */
export function radar(element, {title, axes, series, says = ''}) {
  element.classList.add('chart');
  const place = html('div');
  const legend = html('div', {class: 'chart-legend'}, ...series.map((one, index) =>
    html('span', {class: 'chart-key'}, swatch({place: index, dashes: index, isHollow: false}), one.name)));
  element.replaceChildren(legend, place, html('p', {class: 'muted chart-says', textContent: says}));
  tableBelow(element, () => ({
    caption: title, headings: ['Figure', ...series.map((one) => one.name)],
    rows: axes.map((axis, index) => [axis.label, ...series.map((one) => one.texts[index])]),
  }));
  whenSized(place, (width) => place.replaceChildren(radarPicture({title, axes, series}, Math.min(460, width))));
}

function radarPicture({title, axes, series}, width) {
  const r = Math.min(120, width * 0.27);
  const height = 2 * r + 110;
  const [cx, cy] = [width / 2, height / 2 + 4];
  const angle = (index) => -Math.PI / 2 + (2 * Math.PI * index) / axes.length;
  const at = (index, share) => [cx + Math.cos(angle(index)) * r * share, cy + Math.sin(angle(index)) * r * share];
  const picture = svg('svg', {
    role: 'img', viewBox: `0 0 ${width} ${height}`, width, height, class: 'radar',
    'aria-label': `${title}. ${series.map((one) => wordsOf(one, axes)).join(' ')}`,
  });
  const grid = svg('g', {class: 'chart-grid'});
  for (const share of [0.25, 0.5, 0.75, 1]) {
    grid.append(svg('path', {d: closed(axes.map((_, index) => at(index, share))), fill: 'none'}));
  }
  axes.forEach((axis, index) => {
    grid.append(svg('path', {d: `M${cx} ${cy}L${at(index, 1).join(' ')}`}));
    const [x, y] = at(index, 1.13);
    const anchor = Math.abs(x - cx) < 12 ? 'middle' : x > cx ? 'start' : 'end';
    linesOf(axis.label).forEach((line, place, all) => {
      const dy = y > cy + 12 ? 12 : y < cy - 12 ? -(all.length - 1) * 13 : 4 - (all.length - 1) * 6;
      grid.append(svg('text', {x, y: y + dy + place * 13, 'text-anchor': anchor}, line));
    });
  });
  picture.append(grid, ...series.map((one, place) => polygon(one, place, at)));
  return picture;
}

function polygon(one, place, at) {
  const points = one.values.map((value, index) => (value === null ? null : at(index, Math.max(0.02, value))));
  const there = points.filter((point) => point);
  return svg(
    'g', {class: 'radar-shape'},
    svg('path', {
      d: there.length === points.length ? closed(there) : '', fill: colour(place), 'fill-opacity': 0.12,
      stroke: colour(place), 'stroke-dasharray': dash(place),
    }),
    ...there.map(([x, y]) => svg('path', {d: shape(place, 4), fill: colour(place), transform: `translate(${x} ${y})`})),
  );
}

const closed = (points) => `M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L')}z`;

function wordsOf(one, axes) {
  return `${one.name}: ${axes.map((axis, index) => `${axis.label} ${one.texts[index]}`).join(', ')}.`;
}

function linesOf(label) {
  const words = label.split(' ');
  if (label.length < 14 || words.length < 2) return [label];
  const half = Math.ceil(words.length / 2);
  return [words.slice(0, half).join(' '), words.slice(half).join(' ')];
}

/**
 * Draw figures as marks with their intervals, one below the other.
 * @param {HTMLElement} element
 * @param {{title: string, unit?: string, better?: 'lower' | 'higher' | '', from?: number, to?: number,
 *   rows: {name: string, value: number, low: number | null, high: number | null, text?: string}[],
 *   line?: {at: number, label: string}}} options `line`: a value to compare with, such as chance
 */
export function intervals(element, options) {
  const {title, unit = '', better = '', rows, line} = options;
  element.classList.add('chart');
  const place = html('div');
  const hint = [unit, better && `${better} is better`, line && `line: ${line.label}`].filter(Boolean).join('; ');
  element.replaceChildren(place, html('p', {class: 'muted chart-says', textContent: hint}));
  tableBelow(element, () => ({
    caption: title, headings: ['Name', 'Value', 'From', 'To'],
    rows: rows.map((one) => [one.name, said(one.value), said(one.low), said(one.high)]),
  }));
  whenSized(place, (width) => place.replaceChildren(intervalsPicture(options, width)));
}

function intervalsPicture({title, rows, from, to, line}, width) {
  const room = {left: 12, right: 12, top: 6, row: 44, bottom: 26};
  const height = room.top + rows.length * room.row + room.bottom;
  const ends = rows.flatMap((one) => [one.value, one.low ?? one.value, one.high ?? one.value]);
  if (line) ends.push(line.at);
  let low = from ?? Math.min(...ends);
  let high = to ?? Math.max(...ends);
  if (low === high) [low, high] = [low - Math.abs(low || 1) / 10, high + Math.abs(high || 1) / 10];
  const margin = from === undefined ? (high - low) * 0.06 : 0;
  [low, high] = [low - margin, to === undefined ? high + margin : high];
  const x = (value) => room.left + ((value - low) / (high - low)) * (width - room.left - room.right);
  const bottom = height - room.bottom;
  const grid = svg('g', {class: 'chart-grid'});
  for (const one of ticks(low, high, width / 90)) {
    grid.append(svg('path', {d: `M${x(one)} ${room.top}V${bottom}`}));
    grid.append(svg('text', {x: x(one), y: bottom + 16, 'text-anchor': 'middle'}, said(one)));
  }
  if (line) grid.append(svg('path', {class: 'axis', d: `M${x(line.at)} ${room.top}V${bottom}`}));
  const marks = rows.map((one, place) => intervalRow(one, place, room, x, width));
  const told = rows.map((one) => `${one.name} ${one.text ?? said(one.value)}`).join(', ');
  return svg('svg', {
    role: 'img', width, height, viewBox: `0 0 ${width} ${height}`, 'aria-label': `${title}: ${told}`,
  }, grid, ...marks);
}

function intervalRow(one, place, room, x, width) {
  const y = room.top + place * room.row + 30;
  const ink = colour(place);
  const isRight = x(one.value) > width / 2;
  return svg(
    'g', {class: 'interval'},
    svg('text', {x: isRight ? width - room.right : room.left, y: y - 13, 'text-anchor': isRight ? 'end' : 'start'},
      `${one.name}  ${one.text ?? said(one.value)}`),
    svg('path', {
      d: one.low === null || one.low === undefined ? '' : `M${x(one.low)} ${y - 5}v10M${x(one.low)} ${y}H${x(one.high)}M${x(one.high)} ${y - 5}v10`,
      stroke: ink, 'stroke-width': 2, fill: 'none',
    }),
    svg('path', {d: shape(place, 5), fill: ink, transform: `translate(${x(one.value)} ${y})`}),
  );
}
