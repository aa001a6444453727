/** What the charts share: SVG elements, ticks, numbers in words, tables, marks of a series. */

const SVG = 'http://www.w3.org/2000/svg';

/** An SVG element with attributes. */
export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** An HTML element with properties; `class`, `data-*` and `aria-*` as attributes. */
export function html(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key === 'class' || key === 'role' || key.includes('-')) element.setAttribute(key, value);
    else element[key] = value;
  }
  element.append(...children);
  return element;
}

/**
 * Round numbers that span a range.
 * @param {number} low
 * @param {number} high
 * @param {number} most how many there may be, about
 * @param {boolean} [whole] whether only whole numbers make sense
 */
export function ticks(low, high, most, whole = false) {
  const span = high - low || Math.abs(high) || 1;
  const rough = span / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  let step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= rough * 0.999);
  if (whole) step = Math.max(1, Math.round(step));
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k += 1) {
    found.push(Number((k * step).toPrecision(12)));
  }
  return found;
}

/** Ticks of a logarithmic axis: powers of ten, with 2 and 5 where there is room. */
export function logTicks(low, high) {
  const found = [];
  for (let p = Math.floor(Math.log10(low)); p <= Math.ceil(Math.log10(high)); p += 1) {
    for (const digit of high / low > 1000 ? [1] : [1, 2, 5]) found.push(digit * 10 ** p);
  }
  const inside = found.filter((one) => one >= low * 0.999 && one <= high * 1.001);
  return inside.length > 1 ? inside : ticks(low, high, 4);
}

/**
 * Draw for the width that an element has, now and whenever it changes.
 * @param {HTMLElement} element
 * @param {(width: number) => void} draw
 */
export function whenSized(element, draw) {
  let before = -1;
  const look = () => {
    const width = Math.round(element.clientWidth);
    if (width && width !== before) draw((before = width));
  };
  element.drawing?.disconnect();
  element.drawing = new ResizeObserver(look);
  element.drawing.observe(element);
  look();
}

/** A number for people: four figures at most, no needless zeros. */
export function said(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size && (size < 0.001 || size >= 1e6)) {
    return value.toExponential(1).replace('e', ' × 10^').replace('+', '');
  }
  return Number(value.toPrecision(size >= 1000 ? 6 : 4)).toLocaleString('en', {
    maximumFractionDigits: 6,
  });
}

/** Colour of a series, by its place. */
export function colour(place) {
  return `var(--series-${(place % 6) + 1})`;
}

const DASHES = ['', '7 4', '2 4', '9 3 2 3'];

/** Dashes of a series; 0 is a full line. */
export function dash(kind) {
  return DASHES[kind % DASHES.length];
}

const SHAPES = [
  (r) => `M${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`,
  (r) => `M${-r} ${-r}h${2 * r}v${2 * r}h${-2 * r}z`,
  (r) => `M0 ${-1.3 * r}L${1.2 * r} ${0.9 * r}H${-1.2 * r}z`,
  (r) => `M0 ${-1.4 * r}L${1.4 * r} 0L0 ${1.4 * r}L${-1.4 * r} 0z`,
  (r) => `M0 ${1.3 * r}L${1.2 * r} ${-0.9 * r}H${-1.2 * r}z`,
  (r) => `M${-r} ${-r / 3}h${(2 * r) / 3}v${(-2 * r) / 3}h${(2 * r) / 3}v${(2 * r) / 3}h${(2 * r) / 3}v${(2 * r) / 3}h${(-2 * r) / 3}v${(2 * r) / 3}h${(-2 * r) / 3}v${(-2 * r) / 3}h${(-2 * r) / 3}z`,
];

/** The path of a series' mark, by its place: colour alone shall not tell series apart. */
export function shape(place, radius = 4) {
  return SHAPES[place % SHAPES.length](radius);
}

/** Colour a mark; a hollow one is that of a dashed line: single points are told apart as lines are. */
export function setMark(mark, place, isHollow) {
  mark.setAttribute('fill', isHollow ? 'var(--card)' : colour(place));
  mark.style.stroke = isHollow ? colour(place) : 'none';
}

/** A small picture of a series' line and mark, for legends. */
export function swatch({place = 0, dashes = 0, isHollow = Boolean(dashes)}) {
  const stroke = colour(place);
  const mark = svg('path', {d: shape(place, 3.2), transform: 'translate(15 6)'});
  setMark(mark, place, isHollow);
  return svg(
    'svg', {class: 'swatch', width: 30, height: 12, viewBox: '0 0 30 12', 'aria-hidden': 'true'},
    svg('path', {
      d: 'M1 6H29', stroke, 'stroke-width': 2, fill: 'none', 'stroke-dasharray': dash(dashes),
    }),
    mark,
  );
}

/**
 * A table within `details`, filled when it is opened; returns a function that fills it anew.
 * @param {HTMLElement} element
 * @param {() => {headings: string[], rows: string[][], caption: string}} content
 */
export function tableBelow(element, content) {
  const place = html('div', {class: 'chart-table', tabIndex: 0, role: 'region', 'aria-label': 'Table'});
  const details = html(
    'details', {class: 'chart-details'}, html('summary', {textContent: 'The same as a table'}), place,
  );
  const fill = () => {
    if (!details.open) return;
    const {headings, rows, caption} = content();
    place.setAttribute('aria-label', caption);
    const head = html('tr', {}, ...headings.map((one) => html('th', {scope: 'col', textContent: one})));
    const body = rows.map(([first, ...rest]) =>
      html('tr', {}, html('th', {scope: 'row', textContent: first}),
        ...rest.map((one) => html('td', {textContent: one}))));
    place.replaceChildren(
      html('table', {}, html('caption', {textContent: caption}), html('thead', {}, head),
        html('tbody', {}, ...body)),
    );
  };
  details.addEventListener('toggle', fill);
  element.append(details);
  return fill;
}
