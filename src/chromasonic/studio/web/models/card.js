/** A card's HTML as elements: only those that are known, with the attributes that are known. */

const ALLOWED = new Set([
  'P', 'H3', 'H4', 'H5', 'H6', 'UL', 'OL', 'LI', 'PRE', 'CODE', 'EM', 'STRONG', 'A', 'BR', 'HR',
  'BLOCKQUOTE', 'TABLE', 'THEAD', 'TBODY', 'TR', 'TH', 'TD', 'DIV',
]);
const ATTRIBUTES = {A: ['href', 'rel'], DIV: ['class', 'tabindex'], PRE: ['tabindex'], OL: ['start']};

/**
 * @param {string} text HTML that the studio made from a card's Markdown
 * @returns {Node[]} nothing of it can run or load anything
 */
export function cardNodes(text) {
  const parsed = new DOMParser().parseFromString(text, 'text/html');
  return [...parsed.body.childNodes].map(copied).filter(Boolean);
}

function copied(node) {
  if (node.nodeType === Node.TEXT_NODE) return document.createTextNode(node.data);
  if (node.nodeType !== Node.ELEMENT_NODE || !ALLOWED.has(node.tagName)) return null;
  const made = document.createElement(node.tagName);
  for (const name of ATTRIBUTES[node.tagName] ?? []) {
    const value = node.getAttribute(name);
    if (value !== null && (name !== 'href' || /^(https?:|#|\/)/i.test(value))) made.setAttribute(name, value);
  }
  made.append(...[...node.childNodes].map(copied).filter(Boolean));
  return made;
}
