/** What was made before, as a list: a press opens it, a button takes it away. */
import {call} from './api.js';
import {ask} from './dialog.js';
import {button} from './icons.js';
import {when} from './when.js';

const MOST = 24;

/**
 * Fill a section's `ul` with pieces, the newest first; the section is hidden while there is none.
 * @param {HTMLElement} section with a `ul`
 * @param {{kind: string, hrefOf: (id: string) => string, onOpen?: (id: string) => any,
 *   onRemove?: (id: string) => any}} options onOpen: opens it within the page, else its address is gone to
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
  open.append(
    Object.assign(document.createElement('span'), {className: 'shelf-title', textContent: title}),
    Object.assign(document.createElement('span'), {className: 'muted', textContent: when(made)}),
  );
  open.addEventListener('click', (event) => {
    if (!options.onOpen || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    options.onOpen(id);
  });
  const remove = button({icon: 'close', label: `Remove ${title}`, kind: 'quiet icon-only'});
  remove.addEventListener('click', async () => {
    const isSure = await ask({title: `Remove “${title}”?`, text: 'It is gone from the studio, with its files.', yes: 'Remove', isDangerous: true});
    if (!isSure) return;
    await call(`/api/pieces/${id}`, {method: 'DELETE', headers: {'Content-Type': 'application/json'}});
    await shelfList(section, options);
    options.onRemove?.(id);
  });
  row.append(open, remove);
  return row;
}
