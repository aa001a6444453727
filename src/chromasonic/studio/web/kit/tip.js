/** A short explanation beside a control: on hover, on keyboard focus, and on touch. */

let bubble = null;
let owner = null;

/**
 * @param {HTMLElement} element what it belongs to; can be focused
 * @param {string | (() => string)} text
 */
export function tip(element, text) {
  const words = () => (typeof text === 'function' ? text() : text);
  element.addEventListener('pointerenter', () => open(element, words()));
  element.addEventListener('focus', () => open(element, words()));
  element.addEventListener('click', () => open(element, words()));
  element.addEventListener('pointerleave', (event) => {
    if (event.pointerType === 'mouse' && document.activeElement !== element) close(element);
  });
  element.addEventListener('blur', () => close(element));
}

function open(element, text) {
  if (!bubble) {
    bubble = document.createElement('div');
    bubble.id = 'tip';
    bubble.role = 'tooltip';
    bubble.className = 'tip';
    bubble.popover = 'manual';
    document.body.append(bubble);
  }
  owner?.removeAttribute('aria-describedby');
  owner = element;
  bubble.textContent = text;
  element.setAttribute('aria-describedby', 'tip');
  bubble.hidden = false;
  bubble.showPopover?.(); // before Safari 17 and Firefox 125 it only lies above the page
  const [own, its] = [bubble.getBoundingClientRect(), element.getBoundingClientRect()];
  const left = Math.min(Math.max(8, its.left + its.width / 2 - own.width / 2), innerWidth - own.width - 8);
  const isAbove = its.top > own.height + 16;
  bubble.style.left = `${left}px`;
  bubble.style.top = `${isAbove ? its.top - own.height - 8 : its.bottom + 8}px`;
}

function close(element) {
  if (owner !== element) return;
  element.removeAttribute('aria-describedby');
  owner = null;
  bubble?.hidePopover?.();
  if (bubble) bubble.hidden = true;
}

addEventListener('keydown', (event) => event.key === 'Escape' && owner && close(owner));
addEventListener('scroll', () => owner && close(owner), {capture: true, passive: true});
