/** The studio's own small signs, from one file of symbols. */

const SHEET = '/web/kit/icons.svg';

/**
 * A sign that stands beside words; screen readers pass over it.
 * @param {string} name a symbol of icons.svg: play, pause, stop, loop, volume, mute, download, ...
 * @returns {SVGSVGElement}
 */
export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.classList.add('icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  use.setAttribute('href', `${SHEET}#${name}`);
  svg.append(use);
  return svg;
}

/** Put another sign into a button that has one. */
export function setIcon(button, name) {
  button.querySelector('.icon use')?.setAttribute('href', `${SHEET}#${name}`);
}

/**
 * A button with a sign, and words or a label.
 * @param {{icon?: string, text?: string, label?: string, kind?: string}} parts
 */
export function button({icon: name, text = '', label = '', kind = ''}) {
  const made = document.createElement('button');
  made.type = 'button';
  made.className = kind;
  if (name) made.append(icon(name));
  if (text) made.append(Object.assign(document.createElement('span'), {textContent: text}));
  if (label) {
    made.ariaLabel = label;
    made.title = label;
  }
  return made;
}
