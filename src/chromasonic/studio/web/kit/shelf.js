/** What was made before, as a list: a press opens it, a button takes it away. */
import {call} from './api.js';
import {removeButton} from './removing.js';
import {when} from './when.js';

const MOST = 24;

/**
 * Fill a section's `ul` with pieces, the newest first; the section is hidden while there is none.
 * @param {HTMLElement} section with a `ul`
 * @param {{kind: string, hrefOf: (id: string) => string, onOpen?: (id: string) => any, here?: string,
 *   onRemove?: (id: string) => any, onBack?: (id: string) => any, route?: string}} options onOpen: opens it
 *   within the page, else its address is gone to; here: the piece that the page shows; route: see `removeButton`
 * @returns {Promise<object[]>} the pieces
 */
export async function shelfList(section, options) {
  const {pieces} = await call(`/api/pieces?kind=${encodeURIComponent(options.kind)}`);
  const list = section.querySelector('ul');
  list.classList.add('shelf-list');
  list.replaceChildren(...pieces.slice(0, MOST).map((piece) => line(section, piece, options)));
  section.hidden = !pieces.length;
  return pieces;
}

function line(section, {id, title, made}, options) {
  const row = document.createElement('li');
  const open = Object.assign(document.createElement('a'), {href: options.hrefOf(id)});
  if (id === options.here) open.ariaCurrent = 'page';
  open.append(
    Object.assign(document.createElement('span'), {className: 'shelf-title', textContent: title}),
    Object.assign(document.createElement('span'), {className: 'muted', textContent: when(made)}),
  );
  open.addEventListener('click', (event) => {
    if (!options.onOpen || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    options.onOpen(id);
  });
  const again = async (told) => {
    await shelfList(section, options);
    await told?.(id);
  };
  row.append(open, removeButton({id, title}, {
    route: options.route,
    onGone: () => again(options.onRemove),
    onBack: () => again(options.onBack ?? options.onRemove),
  }));
  return row;
}
