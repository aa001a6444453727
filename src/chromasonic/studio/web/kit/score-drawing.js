/** The engraver's drawing made safe and measured: where its notes and bars stand. */

import {call} from './api.js';

const ALLOWED_LINKS = /^#/;

/** A picture of the studio's as an element of the page; see `safeSvg`. @param {string} url */
export async function svgFrom(url) {
  return safeSvg(await call(url));
}

/**
 * The text of an SVG as an element without scripts, handlers and outward links; the ids of notes
 * become `data-note`, so that two scores can stand on one page.
 * @param {string} text
 * @returns {SVGSVGElement}
 */
export function safeSvg(text) {
  const root = new DOMParser().parseFromString(text, 'image/svg+xml').documentElement;
  if (root.nodeName !== 'svg') throw new Error('The score cannot be shown.');
  for (const one of root.querySelectorAll('script, foreignObject, iframe, image, a, animate, set')) one.remove();
  for (const one of [root, ...root.querySelectorAll('*')]) {
    for (const {name, value} of [...one.attributes]) {
      const isLink = name === 'href' || name === 'xlink:href';
      if (name.startsWith('on') || (isLink && !ALLOWED_LINKS.test(value))) one.removeAttribute(name);
    }
  }
  for (const one of root.querySelectorAll('g.note[id], g.rest[id], g.mRest[id]')) {
    one.dataset.note = one.id;
    one.removeAttribute('id');
  }
  const words = root.querySelector(':scope > title'); // else the browser shows it over every note
  root.setAttribute('aria-label', words?.textContent ?? 'Score');
  words?.remove();
  return document.importNode(root, true);
}

/**
 * Where things stand in a drawing that is in the page, in hundredths of its width and height.
 * @param {SVGSVGElement} svg
 * @returns {{bars: Map<number, object>, notes: Map<string, object>}} boxes; a bar's has `system`, and
 *   `staff`, the box of its staves alone
 */
export function placed(svg) {
  const whole = svg.getBoundingClientRect();
  const share = (box) => ({
    left: ((box.left - whole.left) / whole.width) * 100,
    top: ((box.top - whole.top) / whole.height) * 100,
    width: (box.width / whole.width) * 100,
    height: (box.height / whole.height) * 100,
  });
  const notes = new Map();
  for (const one of svg.querySelectorAll('[data-note]')) {
    const head = one.querySelector('.notehead') ?? one;
    notes.set(one.dataset.note, share(head.getBoundingClientRect()));
  }
  const bars = new Map();
  const systems = [...svg.querySelectorAll('g.system')];
  let number = 0;
  for (const [system, group] of systems.entries()) {
    const room = {top: Infinity, bottom: -Infinity};
    const own = [];
    for (const measure of group.querySelectorAll('g.measure')) {
      const staff = share(union([...measure.querySelectorAll('g.staff')].map(staffBox)));
      const full = share(measure.getBoundingClientRect());
      own.push([++number, {...staff, system, staff}]);
      room.top = Math.min(room.top, full.top, staff.top);
      room.bottom = Math.max(room.bottom, full.top + full.height);
    }
    for (const [at, box] of own) {
      bars.set(at, {...box, top: room.top, height: room.bottom - room.top});
    }
  }
  return {bars, notes};
}

/** A staff's five lines: the first paths of its group. */
function staffBox(staff) {
  const lines = [...staff.children].filter((one) => one.nodeName === 'path').slice(0, 5);
  return union((lines.length ? lines : [staff]).map((one) => one.getBoundingClientRect()));
}

function union(boxes) {
  const left = Math.min(...boxes.map((box) => box.left));
  const top = Math.min(...boxes.map((box) => box.top));
  const right = Math.max(...boxes.map((box) => box.right));
  const bottom = Math.max(...boxes.map((box) => box.bottom));
  return {left, top, right, bottom, width: right - left, height: bottom - top};
}
